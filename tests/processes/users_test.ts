import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { openBackend } from "../../mod.ts";
import { type Runtime, runtimes } from "../runtimes.ts";
import { type Cleaned, tempFolder } from "../temp_folder.ts";
import { columnarSkips } from "../workers/columnar_packages.ts";

const script = fileURLToPath(new URL("../workers/user_worker.ts", import.meta.url));
const timeout = 120_000;

/** Numbers of users and of a group that nobody has. */
const ALICE = 41201, BOB = 41202, GROUP = 41555;

/** Folder for the caches of runtimes: each user has one of its own. */
const caches = tempFolder({ after });
fs.chmodSync(caches, 0o777);

/** Lines that a script writes as a user. */
function asUser(
  user: number,
  { command, args }: Runtime,
  ...scriptArgs: readonly string[]
): string[] {
  const line = [command, ...args, script, ...scriptArgs].map((word) => `'${word}'`).join(" ");
  const { stdout, stderr } = spawnSync("setpriv", [
    `--reuid=${user}`,
    `--regid=${user}`,
    `--groups=${user},${GROUP}`,
    "sh",
    "-c",
    `umask 002; exec ${line}`,
  ], {
    encoding: "utf8",
    env: {
      ...process.env,
      DENO_DIR: join(caches, `deno-${user}`),
      NODE_COMPILE_CACHE: join(caches, `node-${user}`),
    },
  });
  return `${stdout}${stderr}`.trimEnd().split("\n");
}

/** Runtimes that another user can start. */
const started = process.getuid?.() !== 0 ? [] : runtimes.filter((runtime) => {
  const folder = fs.mkdtempSync("/tmp/stet-users-");
  fs.chmodSync(folder, 0o777);
  const lines = asUser(ALICE, runtime, join(folder, "runs.csv"), "1");
  fs.rmSync(folder, { recursive: true });
  return lines.includes("ran");
});
const skip = started.length === 0 && "only root can start a process as another user";

/** A folder that the group shares. */
function sharedFolder(t: Cleaned): string {
  const folder = tempFolder(t);
  fs.chownSync(folder, 0, GROUP);
  fs.chmodSync(folder, 0o2775);
  return folder;
}

for (const [i, extension] of [".csv", ".json", ".sqlite", ".parquet", ".arrow"].entries()) {
  const lack = columnarSkips[extension] ?? skip;
  const runtime = started[i % started.length]!;
  const other = started[(i + 1) % started.length]!;

  test(`${extension}: two users of a group share a store, failures too`, {
    skip: lack,
    timeout,
  }, (t) => {
    const store = join(sharedFolder(t), `runs${extension}`);
    const first = ["runs 1", "ran", "runs 7", "failed"];
    assert.deepEqual(asUser(ALICE, runtime, store, "1", "7"), first);
    for (const name of fs.readdirSync(dirname(store))) {
      const { mode, gid } = fs.statSync(join(dirname(store), name));
      assert.deepEqual([mode & 0o777, gid], [0o664, GROUP], name);
    }
    const second = ["skipped", "runs 7", "failed", "runs 2", "ran"];
    assert.deepEqual(asUser(BOB, other, store, "1", "7", "2"), second);
    assert.deepEqual(asUser(ALICE, runtime, store, "2", "3"), ["skipped", "runs 3", "ran"]);
    const { mode, gid } = fs.statSync(store);
    assert.deepEqual([mode & 0o777, gid], [0o664, GROUP]);
  });

  test(`${extension}: a store that may only be read is refused before anything runs`, {
    skip: lack,
    timeout,
  }, async (t) => {
    const store = join(sharedFolder(t), `runs${extension}`);
    asUser(ALICE, runtime, store, "1");
    fs.chmodSync(store, 0o444);
    for (const user of [ALICE, BOB]) {
      const [skipped, refused, ...more] = asUser(user, runtime, store, "1", "2");
      assert.deepEqual([skipped, more], ["skipped", []]);
      assert.match(refused!, /^StoreError: Cannot .*no permission for .*owner 41201.*mode 444/);
      assert(refused!.includes(store));
    }
    const backend = await openBackend(store);
    assert.equal((await backend.load()).length, 1);
    await backend.close!();
  });

  test(`${extension}: a state file that another user keeps to himself is named, with its owner`, {
    skip: lack,
    timeout,
  }, (t) => {
    const store = join(sharedFolder(t), `runs${extension}`);
    asUser(ALICE, runtime, store, "1", "7");
    fs.chmodSync(`${store}-state`, 0o644);
    const [skipped, refused, ...more] = asUser(BOB, runtime, store, "1", "2");
    assert.deepEqual([skipped, more], ["skipped", []]);
    assert.match(
      refused!,
      /^StoreError: .*runs\.\w+-state" \(owner 41201, group 41555, mode 644\)/,
    );
  });

  test(`${extension}: in a folder that may not be written, reads work and nothing runs`, {
    skip: lack,
    timeout,
  }, (t) => {
    const store = join(sharedFolder(t), `runs${extension}`);
    asUser(ALICE, runtime, store, "1", "7");
    fs.chmodSync(dirname(store), 0o555);
    const before = fs.readdirSync(dirname(store)).sort();
    const [skipped, refused, ...more] = asUser(BOB, runtime, store, "1", "2");
    assert.deepEqual([skipped, more], ["skipped", []]);
    assert.match(refused!, /^StoreError: .*make the folder writable/);
    assert.deepEqual(fs.readdirSync(dirname(store)).sort(), before);
  });
}

test("a folder with the sticky bit, where one user cannot replace another's files, is refused", {
  skip,
  timeout,
}, (t) => {
  const folder = tempFolder(t);
  fs.chmodSync(folder, 0o1777);
  const store = join(folder, "runs.csv");
  const runtime = started[0]!;
  assert.deepEqual(asUser(ALICE, runtime, store, "1"), ["runs 1", "ran"]);
  fs.chmodSync(store, 0o666);
  const [skipped, refused, ...more] = asUser(BOB, runtime, store, "1", "2");
  assert.deepEqual([skipped, more], ["skipped", []]);
  assert.match(refused!, /^StoreError: .*another user's.*sticky bit.*chmod -t/);
  assert.deepEqual(asUser(ALICE, runtime, store, "1", "2"), ["skipped", "runs 2", "ran"]);
  assert.deepEqual(fs.readdirSync(folder), ["runs.csv"]);
});
