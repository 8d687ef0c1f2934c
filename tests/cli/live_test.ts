import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { test } from "node:test";
import { main } from "../../cli.ts";
import { Pace } from "../../core/display/pace.ts";
import { ProgressLog } from "../../cli/terminal/progress_log.ts";
import { Lines } from "../../executors/lines.ts";
import { tempFolder } from "../temp_folder.ts";

async function run(folder: string, ...args: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const store = ["run", "-s", join(folder, "runs.csv")];
  const code = await main([...store, ...args], {
    log: (line) => out.push(line),
    error: (line) => err.push(line),
  });
  return { out, err, code };
}

test("without a terminal, each run that failed has a line", async (t) => {
  const program = ["sh", "-c", "if [ $0 = 2 ]; then echo no 2 >&2; exit 3; fi", "{n}"];
  const { err, code } = await run(tempFolder(t), "-g", "n=1..3", "-j", "1", "--", ...program);
  assert.equal(code, 1);
  assert.match(err[0]!, /^\[stet\] Failed: n=2: sh exited with code 3: no 2/);
  assert.match(err[1]!, /^\[stet\] 2 ran, 0 skipped, 1 failed in /);
});

test("without a terminal, progress is a line from time to time", async () => {
  const lines: string[] = [];
  const counts = { ran: 80, skipped: 20, failed: 1 };
  const ended = new Promise<void>((resolve) => {
    // deno-lint-ignore no-unused-vars -- its own callback uses it
    const log = new ProgressLog(
      (line) => {
        if (lines.push(line) < 2) return;
        log.end();
        resolve();
      },
      160,
      new Pace(1),
      () => counts,
      5,
    );
  });
  await ended;
  assert.deepEqual(lines.map((line) => line.replace(/\d+s$/, "0s")), [
    "[stet] 63%, 101/160, 80 ran, 20 skipped, 1 failed, 0s",
    "[stet] 63%, 101/160, 80 ran, 20 skipped, 1 failed, 0s",
  ]);
});

test("--live prints the output of programs, each line with its params in front", async (t) => {
  const program = ["sh", "-c", 'echo "out $0"; echo "err $0" >&2; printf last', "{lr}"];
  const { out, err } = await run(tempFolder(t), "-g", "lr=0.10", "--live", "--", ...program);
  assert.deepEqual(out, ["lr=0.10: out 0.10", "lr=0.10: last"]);
  assert(err.includes("lr=0.10: err 0.10"));
});

test("output is split into lines however it comes in pieces", () => {
  const text = Buffer.from("größe\nb\r\n\n50%\r100%\rlast");
  for (const size of [1, 2, 3, 100]) {
    const lines: string[] = [];
    const split = new Lines((line) => lines.push(line));
    for (let at = 0; at < text.length; at += size) split.add(text.subarray(at, at + size));
    split.end();
    assert.deepEqual(lines.filter(Boolean), ["größe", "b", "50%", "100%", "last"]);
  }
});
