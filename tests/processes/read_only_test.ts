import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { dirname } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { runtimes } from "../runtimes.ts";
import { tempStore } from "../temp_folder.ts";
import { columnarSkips } from "../workers/columnar_packages.ts";

const cli = fileURLToPath(new URL("../../cli.ts", import.meta.url));
const mod = new URL("../../mod.ts", import.meta.url);
/** Records a row, and dies before it is merged. */
const KILLED = `
  const { openBackend } = await import(${JSON.stringify(mod)});
  const backend = await openBackend(process.argv[2] ?? process.argv[1]);
  await backend.record({ seed: 1 });
  process.kill(process.pid, "SIGKILL");
`;
const mount = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && "$@"';
const canMount =
  spawnSync("unshare", ["-m", "sh", "-c", 'mount --bind "$0" "$0"', "/tmp"]).status === 0;
const node = runtimes.find(({ name }) => name === "node");

for (const extension of [".parquet", ".arrow"]) {
  test(
    `${extension}: a read-only copy of a store whose process was killed is read without a word`,
    {
      skip: columnarSkips[extension] || !canMount && "folders cannot be mounted" ||
        !node && "no Node",
      timeout: 60_000,
    },
    (t) => {
      const store = tempStore(t, `runs${extension}`);
      const { command, args } = node!;
      spawnSync(command, [...args, "--input-type=module", "-e", KILLED, store]);
      const folder = dirname(store);
      const before = readdirSync(folder).sort();
      assert.ok(before.includes(`runs${extension}.pending.jsonl`));
      for (const tool of ["status", "ls", "failures"]) {
        const { status, stderr } = spawnSync(
          "unshare",
          ["-m", "sh", "-c", mount, folder, command, ...args, cli, tool, store],
          { encoding: "utf8" },
        );
        assert.deepEqual({ tool, status, stderr }, { tool, status: 0, stderr: "" });
      }
      assert.deepEqual(readdirSync(folder).sort(), before);
    },
  );
}
