import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import { basename, join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { openBackend } from "../../mod.ts";
import { missing, type Runtime, runtimes } from "../runtimes.ts";
import { smallFolder, whyNoMount } from "../small_disk.ts";
import { tempFolder } from "../temp_folder.ts";
import { until } from "../until.ts";
import { columnarSkips } from "../workers/columnar_packages.ts";
import { filesIn } from "../workers/worker_process.ts";

const timeout = 60_000;
const worker = fileURLToPath(new URL("../workers/full_disk_worker.ts", import.meta.url));
const closing = fileURLToPath(new URL("../workers/closing_test_file.ts", import.meta.url));
const config = fileURLToPath(new URL("../../deno.json", import.meta.url));
const mod = new URL("../../mod.ts", import.meta.url).href;
const noMount = whyNoMount() ?? false;
const noLimit = process.platform === "win32" && "no limit of a file's size can be set";

for (const reason of missing) {
  test("programs of all three runtimes end", { skip: reason }, () => {});
}

for (const { name, command, args } of runtimes) {
  for (const extension of [".sqlite", ".csv", ".parquet"]) {
    test(
      `a program that caught the error of a full disk ends with 0, and other stores are tidied (${name}, ${extension})`,
      {
        skip: noMount || columnarSkips[extension] || false,
        timeout,
      },
      (t) => {
        const store = join(smallFolder(t, "300k"), `runs${extension}`);
        const other = join(tempFolder(t), "other.csv");
        const { status, stdout, stderr } = spawnSync(
          command,
          [...args, worker, "fill", store, other],
          { encoding: "utf8" },
        );
        assert.equal(stdout, "true", stderr);
        assert.equal(status, 0, stderr);
        assert.doesNotMatch(stderr, /^ +at /m, "no stack is printed");
        if (extension === ".sqlite") assert.match(stderr, /Cannot tidy up .*runs\.sqlite.*full/);
        assert.deepEqual(filesIn(join(other, "..")), ["other.csv"]);
      },
    );
  }

  for (const extension of [".csv", ".json", ".sqlite", ".parquet"]) {
    test(`a key whose row is too large for a file can be run again (${name}, ${extension})`, {
      skip: noLimit || columnarSkips[extension] || false,
      timeout,
    }, (t) => {
      const folder = tempFolder(t);
      // Without the trap the signal ends the program; with it, writing fails with EFBIG.
      const limited = `trap '' XFSZ; ulimit -f 200; exec "$@"`;
      const { stdout, stderr } = spawnSync(
        "sh",
        ["-c", limited, "sh", command, ...args, worker, "exceed", join(folder, `runs${extension}`)],
        { encoding: "utf8" },
      );
      assert.equal(stdout, '[true,true,"ran"]', stderr);
      assert.deepEqual(filesIn(folder), [`runs${extension}`]);
    });
  }
}

/** The test runners that end without the events by which stores are closed. */
const runners: Partial<Record<Runtime["name"], readonly string[]>> = {
  deno: ["test", "-A", "--no-check", `--config=${config}`],
  bun: ["test"],
};

for (const { name, command } of runtimes) {
  const args = runners[name];
  if (!args) continue;
  for (const extension of [".csv", ".sqlite", ".parquet"]) {
    test(`after a test with await using there is only the store (${name} test, ${extension})`, {
      skip: columnarSkips[extension] || false,
      timeout,
    }, async (t) => {
      const folder = tempFolder(t);
      const store = join(folder, `runs${extension}`);
      const file = name === "bun" ? closingCopy(folder) : closing;
      const { status, stdout, stderr } = spawnSync(command, [...args, file], {
        encoding: "utf8",
        cwd: folder,
        env: { ...process.env, STET_TEST_STORE: store },
      });
      assert.equal(status, 0, stdout + stderr);
      assert.deepEqual(filesIn(folder).filter((each) => each !== "closing_test.ts"), [
        basename(store),
      ]);
      const backend = await openBackend(store);
      assert.equal((await backend.load()).length, 3);
      await backend.close();
    });
  }
}

/** Bun runs only files that are called tests. */
function closingCopy(folder: string): string {
  const file = join(folder, "closing_test.ts");
  fs.writeFileSync(file, fs.readFileSync(closing, "utf8").replace("../../mod.ts", mod));
  return file;
}

test("a module that is loaded anew releases what the one before it held", {
  skip: process.platform !== "linux" && "descriptors are counted in /proc",
  timeout,
}, async (t) => {
  const bun = runtimes.find(({ name }) => name === "bun");
  if (!bun) return t.skip("there is no Bun");
  const folder = tempFolder(t);
  const app = join(folder, "app.mjs");
  const seen = join(folder, "seen");
  const source = `
    import fs from "node:fs";
    import { once } from ${JSON.stringify(mod)};
    const loads = globalThis.loads = (globalThis.loads ?? 0) + 1;
    const work = once(({ k }) => k, { store: "runs.csv", save: true, quiet: true });
    await work({ k: loads });
    globalThis.timer ??= setInterval(() => {
      const descriptors = fs.readdirSync("/proc/self/fd")
        .filter((fd) => {
          try {
            return fs.readlinkSync("/proc/self/fd/" + fd).includes("runs.csv");
          } catch {
            return false;
          }
        }).length;
      const owners = fs.readdirSync(".").filter((name) => /-state-[0-9a-f]{16}$/.test(name)).length;
      fs.writeFileSync("seen.new", JSON.stringify([globalThis.loads, descriptors, owners]));
      fs.renameSync("seen.new", "seen");
    }, 20);
  `;
  fs.writeFileSync(app, source);
  const child = spawn(bun.command, ["--hot", "app.mjs"], { cwd: folder, stdio: "ignore" });
  t.after(() => child.kill("SIGKILL"));
  const read = (): readonly [loads: number, descriptors: number, owners: number] =>
    fs.existsSync(seen) ? JSON.parse(fs.readFileSync(seen, "utf8")) : [0, 0, 0];
  for (let n = 1; n < 14; n++) {
    fs.writeFileSync(app, `${source}// ${n}\n`);
    await until(() => read()[0] >= n);
  }
  // Each load opens three or four files beside the store, of which the last ones stay.
  await until(() => read()[1] < 10 && read()[2] === 1);
});
