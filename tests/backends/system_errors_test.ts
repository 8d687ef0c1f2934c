import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { keyOf, keyShape } from "../../core/keys/key.ts";
import { StoreError } from "../../mod.ts";
import { openEngine } from "../open_engine.ts";
import { systemError } from "../../backends/files/system_error.ts";
import { fill, smallFolder, whyNoMount } from "../small_disk.ts";
import { type Cleaned, tempFolder } from "../temp_folder.ts";
import { columnarSkips } from "../workers/columnar_packages.ts";

const extensions = [".csv", ".json", ".jsonl", ".sqlite", ".parquet", ".arrow"]
  .filter((extension) => columnarSkips[extension] === undefined);

/** Asserts that an error is one of a store, names it, and says something. */
function assertTold(error: unknown, store: string, ...parts: readonly RegExp[]): true {
  assert(error instanceof StoreError, String(error));
  assert(error.message.includes(store), error.message);
  for (const part of parts) assert.match(error.message, part);
  return true;
}

test("a link that leads back to itself is refused, whichever way it leads there", async (t) => {
  const folder = tempFolder(t);
  fs.symlinkSync("self.csv", join(folder, "self.csv"));
  fs.symlinkSync("b.csv", join(folder, "a.csv"));
  fs.symlinkSync("a.csv", join(folder, "b.csv"));
  fs.symlinkSync("around", join(folder, "around"));
  for (const name of ["self.csv", "a.csv", "b.csv", "around/x.csv"]) {
    const store = join(folder, name);
    await assert.rejects(
      openEngine(store),
      (error) => assertTold(error, store, /symbolic link that leads back to itself; remove/),
    );
  }
});

test("a path through a file, and one that is too long, are refused by what is wrong", async (t) => {
  const folder = tempFolder(t);
  fs.writeFileSync(join(folder, "file"), "");
  const under = join(folder, "file", "x.csv");
  await assert.rejects(openEngine(under), (error) => assertTold(error, under, /is a file, not a/));
  const long = join(folder, `${"x".repeat(300)}.csv`);
  await assert.rejects(openEngine(long), (error) => assertTold(error, long, /too long.*shorter/));
});

for (const extension of extensions) {
  test(`${extension}: a folder or a pipe named like the store is refused by every use`, async (t) => {
    const folder = tempFolder(t);
    const names = [`runs${extension}`];
    if ([".parquet", ".arrow"].includes(extension)) names.push(`runs${extension}.pending.jsonl`);
    const makers: [string, RegExp, (path: string) => void][] = [
      ["folder", /is a folder; give the path of a file/, (path) => fs.mkdirSync(path)],
    ];
    if (spawnSync("mkfifo", ["--version"]).status === 0 && extension !== ".sqlite") {
      makers.push(["pipe", /is not a regular file/, (path) => spawnSync("mkfifo", [path])]);
    }
    for (const name of names) {
      for (const [what, message, make] of makers) {
        const store = join(folder, `runs${extension}`);
        make(join(folder, name));
        const backend = await openEngine(store, { warn: () => {} });
        const key = keyOf(keyShape(["seed"]), { seed: 1 });
        const uses = {
          load: () => backend.load(),
          record: () => backend.record({ seed: 1 }),
          claim: () => backend.claim(key),
          columns: () => backend.columns(),
        };
        for (const [use, run] of Object.entries(uses)) {
          const told = (error: unknown): true => assertTold(error, store, message);
          await assert.rejects(async () => await run(), told, `${what} ${name}: ${use}`);
        }
        await backend.close!();
        assert.deepEqual(fs.readdirSync(folder), [name]);
        fs.rmSync(join(folder, name), { recursive: true });
      }
    }
  });
}

const skip = whyNoMount() ?? false;

for (const extension of extensions) {
  test(
    `${extension}: on a full disk close() ends the store, and leaves what a later process can use`,
    {
      skip,
    },
    async (t) => {
      const { folder, backend } = await claimed(t, extension);
      const free = fill(folder);
      await assert.rejects(
        async () => await backend.record({ seed: 3, text: "x".repeat(10_000) }),
        (error) => assertTold(error, backend.location, /the disk is full; make room/),
      );
      await ended(backend);
      free();
      const again = await openEngine(backend.location, { warn: () => {} });
      assert.deepEqual((await again.load()).map(({ seed }) => seed), [1]);
      await again.close!();
      assert.deepEqual(fs.readdirSync(folder), [`runs${extension}`]);
    },
  );

  test(`${extension}: once its folder is gone, each use and close() say so`, {
    skip: process.platform === "win32" && "an open file keeps its folder there",
  }, async (t) => {
    const folder = join(tempFolder(t), "gone");
    fs.mkdirSync(folder);
    const { backend } = await claimed(t, extension, folder);
    fs.rmSync(folder, { recursive: true });
    const message = /the folder ".*gone" is gone; make it again/;
    for (const use of [() => backend.record({ seed: 5 }), () => backend.claim(keyOfSeed(5))]) {
      const told = (error: unknown): true => assertTold(error, backend.location, message);
      await assert.rejects(async () => await use(), told);
    }
    await ended(backend);
  });
}

/** A store with a row and a claim, in a small file system of its own unless a folder is given. */
async function claimed(t: Cleaned, extension: string, folder = smallFolder(t, "2m")) {
  const options = { durability: "process", warn: () => {} } as const;
  const backend = await openEngine(join(folder, `runs${extension}`), options);
  await backend.record({ seed: 1 });
  assert.equal((await backend.claim(keyOfSeed(2))).state, "claimed");
  return { folder, backend };
}

const keyOfSeed = (seed: number) => keyOf(keyShape(["seed"]), { seed });

/** Asserts that close() resolves, or rejects with an error of the store; the store is closed then. */
async function ended(backend: Awaited<ReturnType<typeof openEngine>>): Promise<void> {
  await Promise.resolve(backend.close!()).catch((error) => assertTold(error, backend.location));
  await assert.rejects(async () => await backend.load(), /it was closed/);
}

test("systemError() has words for what the system says, with the remedy", () => {
  const expected: Record<string, RegExp> = {
    EMFILE: /descriptors.*ulimit -n/,
    ENFILE: /descriptors/,
    ENOSPC: /disk is full; make room/,
    EDQUOT: /quota/,
    EFBIG: /ulimit -f/,
    EROFS: /read-only; make the folder writable/,
    EACCES: /no permission for the folder "\/no".*; make the folder writable/,
    ENAMETOOLONG: /too long.*shorter/,
    ELOOP: /link/,
    ENOTDIR: /is a file, not a folder; correct the path/,
    EISDIR: /is a folder; give the path/,
    ESTALE: /stale file handle/,
    EIO: /input\/output error; check the disk/,
    EBUSY: /mount/,
    ENOENT: /"\/no" is gone/,
  };
  for (const [code, message] of Object.entries(expected)) {
    const cause = Object.assign(new Error(`${code}: as the system has it`), { code });
    const error = systemError('Cannot write "/no/x.csv"', "/no/x.csv", cause);
    assertTold(error, "/no/x.csv", message);
    assert.equal(error.cause, cause);
  }
});
