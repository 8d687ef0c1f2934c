import assert from "node:assert/strict";
import fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Syncer } from "../backends/syncer.ts";
import { tempFolder } from "./temp_folder.ts";

test("on a slow disk a file that is gone has nothing to bring to the disk", async (t) => {
  const path = join(tempFolder(t), "runs.csv");
  fs.writeFileSync(path, "seed\n");
  let count = 0;
  const syncer = new Syncer({
    path,
    sync() {
      count++;
      const end = performance.now() + 2;
      while (performance.now() < end);
    },
  });
  await syncer.sync();
  fs.rmSync(path);
  await syncer.sync(); // in a thread, by its path
  assert.equal(count, 1);
});
