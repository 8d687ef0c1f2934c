import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { once, openBackend, StoreError } from "../../mod.ts";
import { whyNoMount } from "../small_disk.ts";
import { tempFolder } from "../temp_folder.ts";
import { columnarSkips } from "../workers/columnar_packages.ts";

const extensions = [".csv", ".json", ".jsonl", ".sqlite", ".parquet", ".arrow"];

/** Makes a store with one row. */
async function makeStore(store: string): Promise<void> {
  const backend = await openBackend(store);
  await backend.record({ seed: 1 });
  await backend.close!();
}

/** Asserts that a store can be read, and is refused by all that would write it, before a run. */
async function assertReadOnly(store: string, message: RegExp): Promise<void> {
  const isRefusal = (error: unknown): boolean =>
    error instanceof StoreError && error.message.includes(store) && message.test(error.message);
  const run = once(({ seed }: { seed: number }) => assert.fail(`it ran ${seed}`), {
    store,
    quiet: true,
  });
  assert.equal((await run.outcome({ seed: 1 })).status, "skipped");
  await assert.rejects(run({ seed: 2 }), isRefusal);
  const backend = await openBackend(store);
  assert.equal((await backend.load()).length, 1);
  const writes = {
    record: () => backend.record({ seed: 3 }),
    "record of a new column": () => backend.record({ seed: 3, text: "x" }),
    remove: () => backend.remove({ seed: 1 }),
    clear: () => backend.clear(),
  };
  for (const [what, write] of Object.entries(writes)) {
    await assert.rejects(async () => await write(), isRefusal, what);
  }
  assert.equal((await backend.load()).length, 1);
  await backend.close!();
}

for (const extension of extensions) {
  const lack = columnarSkips[extension];

  test(
    `${extension}: a file with a second hard link is read, and written once it is a file of its own`,
    {
      skip: lack ?? false,
    },
    async (t) => {
      const folder = tempFolder(t);
      const store = join(folder, `runs${extension}`), backup = join(folder, `backup${extension}`);
      await makeStore(store);
      fs.linkSync(store, backup);
      for (const path of [store, backup]) {
        await assertReadOnly(path, /2 hard links.*make it a file of its own: cp -p/);
      }
      fs.copyFileSync(store, `${store}.own`); // what the message says
      fs.renameSync(`${store}.own`, store);
      for (const path of [store, backup]) {
        const backend = await openBackend(path);
        await backend.record({ seed: 2 });
        await backend.close!();
      }
    },
  );

  test(`${extension}: a file that is mounted by itself is read, and not written`, {
    skip: lack ?? whyNoMount() ?? false,
  }, async (t) => {
    const folder = tempFolder(t);
    const [store, mounted] = ["host", "with space"].map((name) => {
      fs.mkdirSync(join(folder, name));
      return join(folder, name, `runs${extension}`);
    }) as [string, string];
    await makeStore(store);
    fs.writeFileSync(mounted, "");
    assert.equal(spawnSync("mount", ["--bind", store, mounted]).status, 0);
    try {
      await assertReadOnly(mounted, /mounted there.*mount its folder instead/);
    } finally {
      spawnSync("umount", ["-l", mounted]);
    }
    const backend = await openBackend(store);
    await backend.record({ seed: 2 });
    await backend.close!();
  });
}
