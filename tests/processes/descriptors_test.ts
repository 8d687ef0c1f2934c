import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { openBackend } from "../../mod.ts";
import { runtimes } from "../runtimes.ts";
import { tempStore } from "../temp_folder.ts";
import { columnarSkips } from "../workers/columnar_packages.ts";

const script = fileURLToPath(new URL("../workers/descriptors_worker.ts", import.meta.url));

for (const extension of [".csv", ".json", ".sqlite", ".parquet", ".arrow"]) {
  const skip = process.platform === "win32" ? "there is no limit" : columnarSkips[extension];
  test(`${extension}: errors say that no file descriptors are left, and name the store`, {
    skip: skip ?? false,
  }, async (t) => {
    for (const { name, command, args } of runtimes) {
      const store = tempStore(t, `runs${extension}`);
      const line = [command, ...args, script, store].map((word) => `'${word}'`).join(" ");
      const { stdout, stderr } = spawnSync("sh", ["-c", `ulimit -n 96; exec ${line}`], {
        encoding: "utf8",
      });
      assert(stdout.startsWith("["), `${name}: ${stderr}`);
      const errors = JSON.parse(stdout) as [string, string, string][];
      const uses = errors.map(([use]) => use);
      for (const use of ["claim", "claim of another"]) {
        assert(uses.includes(use), `${name}: ${use}`);
      }
      for (const [use, kind, message] of errors) {
        assert.equal(kind, "StoreError", `${name}: ${use}: ${message}`);
        assert(message.includes(store), `${name}: ${use}: ${message}`);
        assert.match(message, /no file descriptors left.*ulimit -n/, `${name}: ${use}`);
      }
      const backend = await openBackend(store);
      assert((await backend.load()).some(({ seed }) => seed === 1));
      await backend.close!();
    }
  });
}
