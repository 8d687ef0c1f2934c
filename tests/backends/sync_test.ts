import assert from "node:assert/strict";
import fs from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { once, openBackend, StoreError } from "../../mod.ts";
import { tempStore } from "../temp_folder.ts";

/** The descriptor on which this process writes a file. */
function writerOf(path: string): number {
  const found = fs.readdirSync("/proc/self/fd").find((fd) => {
    try {
      return fs.readlinkSync(`/proc/self/fd/${fd}`) === path &&
        /^flags:\s*\d*2$/m.test(fs.readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"));
    } catch {
      return false; // the one that lists the folder is gone
    }
  });
  assert(found, `nobody writes ${path}`);
  return Number(found);
}

const skip = process.platform !== "linux"
  ? "descriptors are found in /proc"
  : process.versions["deno"] && "Deno does not number files as the system does";

test("once fsync has failed, the store refuses further use", { skip }, async (t) => {
  // A sync that seems slow goes to a thread, on a descriptor of its own: here all take no time.
  t.mock.method(performance, "now", () => 0);
  const store = tempStore(t);
  const backend = await openBackend(store);
  await backend.record({ seed: 0 }); // makes the file
  await backend.record({ seed: 1 });
  const writer = writerOf(backend.location);
  const record = backend.record({ seed: 2 });
  // A device, which cannot be synced, takes its place: a new file gets the lowest number that is free.
  fs.closeSync(writer);
  const lower: number[] = [];
  for (let fd; (fd = fs.openSync("/dev/null", "r+")) !== writer;) lower.push(fd);
  for (const fd of lower) fs.closeSync(fd);
  const refusal = (error: unknown): boolean =>
    error instanceof StoreError &&
    /fsync failed .*may not be durable; check the disk/.test(error.message);
  await assert.rejects(async () => await record, refusal);
  await assert.rejects(async () => await backend.record({ seed: 3 }), refusal);
  await assert.rejects(async () => await backend.load(), refusal);
  await backend.close();

  // What reached the file is there for the next one to open it.
  const work = once((_params: { seed: number }) => {}, { store, quiet: true });
  assert.equal((await work.outcome({ seed: 2 })).status, "skipped");
});

test("a folder that cannot be synced is named, and what is known of the file", async (t) => {
  const store = tempStore(t);
  const backend = await openBackend(store);
  await backend.record({ seed: 1 });
  const { fsyncSync } = fs;
  const mock = t.mock.method(fs, "fsyncSync", (fd: number) => {
    if (fs.fstatSync(fd).isDirectory()) {
      throw Object.assign(new Error("EIO: i/o error, fsync"), { code: "EIO", syscall: "fsync" });
    }
    fsyncSync(fd);
  });
  const refusal = (change: string) => (error: unknown): boolean =>
    error instanceof StoreError && !/as it was/.test(error.message) &&
    error.message.startsWith(`Cannot sync the folder of "${backend.location}", ${change}`);
  await assert.rejects(
    async () => await backend.record({ seed: 2, beta: 3 }),
    refusal("which was replaced"),
  );
  assert.equal((await backend.load()).length, 2);
  await assert.rejects(async () => await backend.clear(), refusal("which was removed"));
  mock.mock.restore();
  assert.deepEqual(await backend.load(), []);
  await backend.close();
});
