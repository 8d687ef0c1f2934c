/** The program of this machine, as somebody without a runtime has it. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { buildBinaries, ownTarget } from "../../scripts/build_binary.ts";

const folder = mkdtempSync(join(tmpdir(), "stet-binary-"));
after(() => rmSync(folder, { recursive: true, force: true }));
let program = "";
before(async () => {
  [program = ""] = await buildBinaries([ownTarget], folder);
});

// No runtime is on the PATH.
const env = { PATH: "/usr/bin:/bin", HOME: folder, NO_COLOR: "1" };

function stet(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: folder,
    env,
    encoding: "utf8",
  });
  assert.equal(status, 0, `stet ${args.join(" ")}:\n${stdout}${stderr}`);
  return stdout;
}

test("the program runs other programs, and shows the store", () => {
  stet("run", "-s", "runs.sqlite", "-g", "n=1..3", "--", "echo", "{n}");
  assert.match(stet("status", "runs.sqlite"), /3 completed/);
});

test("the program sweeps a module, which imports the library in it, in workers", () => {
  writeFileSync(
    join(folder, "swept.ts"),
    `import { once } from "@stet/stet";
     export const parents = once(
       ({ n }: { n: number }) => ({ parent: process.ppid, args: process.argv.slice(2).join(" ") }),
       { store: "swept.csv", save: true },
     );`,
  );
  stet("sweep", "swept.ts#parents", "-g", "n=1..4", "--workers");
  const rows = readFileSync(join(folder, "swept.csv"), "utf8").trim().split("\n").slice(1);
  assert.equal(rows.length, 4);
  for (const row of rows) {
    assert(!row.includes(`,${process.pid},`), `${row}: it ran in the program itself`);
    assert.match(row, /,sweep swept\.ts#parents -g n=1\.\.4 --workers,/);
  }
});

test("the program serves the dashboard and its figures", async () => {
  const child = spawn(program, ["serve", "runs.sqlite", "--port", "0"], {
    cwd: folder,
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    let url: string | undefined;
    for await (const line of createInterface({ input: child.stdout })) {
      url = /at (http:\S+)/.exec(line)?.[1];
      if (url) break;
    }
    assert(url, "it says where it listens");
    assert.match(await (await fetch(url)).text(), /<!doctype html>/i);
    const { rows } = await (await fetch(`${url}v1/progress`)).json() as { rows: number };
    assert.equal(rows, 3);
  } finally {
    child.kill();
  }
});
