import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { runtimes } from "../runtimes.ts";
import { tempFolder } from "../temp_folder.ts";

const worker = fileURLToPath(new URL("../workers/edited_worker.ts", import.meta.url));
const skip = spawnSync("faketime", ["--version"]).status === 0
  ? false
  : "faketime is not installed";

for (const { name, command, args } of runtimes) {
  for (const shift of ["+1h", "-1h"]) {
    test(`${name}: an edit of equal length is seen by a process whose clock is off by ${shift}`, {
      skip,
    }, (t) => {
      const { stdout, stderr } = spawnSync(
        "faketime",
        ["-f", shift, command, ...args, worker],
        // The file system's times are true ones.
        { cwd: tempFolder(t), env: { ...process.env, NO_FAKE_STAT: "1" }, encoding: "utf8" },
      );
      assert.equal(stdout, "1 ran 10\n2 skipped 25\n3 skipped 10\n", stderr);
    });
  }
}
