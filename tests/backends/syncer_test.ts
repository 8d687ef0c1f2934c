import assert from "node:assert/strict";
import fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Syncer } from "../../backends/files/durability.ts";
import { tempFolder } from "../temp_folder.ts";

/** A syncer whose first sync is slow, so that later ones go to a thread, and the number of syncs in place. */
function slowSyncer(path: string): { readonly syncer: Syncer; count(): number } {
  let count = 0;
  const syncer = new Syncer({
    path,
    sync() {
      count++;
      const end = performance.now() + 2;
      while (performance.now() < end);
    },
  });
  return { syncer, count: () => count };
}

test("on a slow disk a file that is gone has nothing to bring to the disk", async (t) => {
  const path = join(tempFolder(t), "runs.csv");
  fs.writeFileSync(path, "seed\n");
  const { syncer, count } = slowSyncer(path);
  await syncer.sync();
  fs.rmSync(path);
  await syncer.sync(); // in a thread, by its path
  assert.equal(count(), 1);
});

test("a file that cannot be opened again is synced in place, by the descriptor that is open", async (t) => {
  const { syncer, count } = slowSyncer(tempFolder(t)); // a folder, which no one can open for writing
  await syncer.sync();
  await syncer.sync();
  assert.equal(count(), 2);
});
