import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify, stripVTControlCharacters } from "node:util";
import { openBackend } from "../../mod.ts";
import { runtimes } from "../runtimes.ts";
import { tempFolder } from "../temp_folder.ts";
import { cli } from "../workers/cli_process.ts";

const script = fileURLToPath(new URL("../workers/terminal.py", import.meta.url));
const closing = fileURLToPath(new URL("../workers/close_terminal.py", import.meta.url));
const answering = fileURLToPath(new URL("../workers/answer_terminal.py", import.meta.url));
const hasTerminals = spawnSync("python3", ["-c", "import pty, termios"]).status === 0;
const skip = hasTerminals ? false : "python3, which makes the terminal, is not there or has no pty";

/** How the bar's line is begun anew. */
const CLEAR_LINE = "\r\x1b[K";

/** What each line of a terminal showed, one drawing after the other; the last is what stays. */
function drawings(written: string): string[][] {
  return written.split("\n").map((line) =>
    stripVTControlCharacters(line.replace(/\r$/, "").replaceAll(CLEAR_LINE, "\0")).split("\0")
  );
}

for (const { name, command, args } of runtimes) {
  test(`on a terminal a bar is drawn, never wider than it, and gone at the end (${name})`, {
    skip,
  }, async (t) => {
    const program = ["sh", "-c", "sleep 0.2; [ {n} != 3 ] || { echo three >&2; exit 1; }"];
    const line = ["run", "-g", "n=0..7", "-j", "2", "--", ...program.map(doubled)];
    await Promise.all([40, 60, 90, 200].map(async (columns) => {
      const folder = tempFolder(t);
      const { stdout } = await promisify(execFile)(
        "python3",
        [script, String(columns), command, ...args, cli, ...line],
        { cwd: folder },
      );
      const lines = drawings(stdout);
      const bars = lines.flat().filter((drawing) => /^.*\d+%/.test(drawing));
      assert(bars.length > 3, stdout);
      for (const bar of bars) assert(bar.length < columns, `${bar.length}: ${bar}`);
      if (columns >= 60) assert(bars.some((bar) => /█.*\d+ ran/.test(bar)), stdout);
      const shown = lines.map((each) => each.at(-1)!);
      assert.match(shown[0]!, /^\[stet\] Failed: n=3: sh exited with code 1: three/);
      assert.match(shown.at(-4)!, /^\[stet\] 7 ran, 0 skipped, 1 failed in /);
      assert.match(shown.at(-3)!, /^\[stet\] No result was found in 7 of 7 runs/);
      assert.match(shown.at(-2)!, /^\[stet\] Why they failed: /);
      assert.equal(shown.at(-1), "");
    }));
  });
}

for (const { name, command, args } of runtimes) {
  test(`a closed terminal has what runs finished and recorded (${name})`, { skip }, async (t) => {
    const folder = tempFolder(t);
    const program = ["sh", "-c", "touch began; sleep 1; touch ended; echo 7"];
    const line = ["run", "-s", "runs.csv", "-g", "n=1..9", "-j", "1", "--", ...program];
    const { stdout } = await promisify(execFile)(
      "python3",
      [closing, "began", command, ...args, cli, ...line],
      { cwd: folder },
    );
    assert.equal(stdout, "129\n");
    assert(fs.existsSync(join(folder, "ended")));
    const backend = await openBackend(join(folder, "runs.csv"));
    assert.deepEqual((await backend.load()).map(({ n, result }) => [n, result]), [[1, 7]]);
    await backend.close();
  });
}

for (const { name, command, args } of runtimes) {
  test(`on a terminal a grid with a new param runs after a yes (${name})`, { skip }, async (t) => {
    const cwd = tempFolder(t);
    fs.writeFileSync(join(cwd, "runs.csv"), "n,_stet_timestamp\n1,2026-01-01T00:00:00.000Z\n");
    const line = ["run", "-s", "runs.csv", "-g", "n=1,2", "-g", "m=3", "--", "true", "{n}", "{m}"];
    for (const [key, code, rows] of [["n", 2, 1], ["y", 0, 3]] as const) {
      const keys = JSON.stringify([["\\[y/N\\]", `${key}\r`]]);
      const words = [answering, keys, command, ...args, cli, ...line];
      const { stdout } = await promisify(execFile)("python3", words, { cwd, timeout: 60_000 });
      assert.match(
        stdout,
        /has no m, and does not count.*--default m=3\r\n.*\[stet\] Run 2\? \[y\/N\]/,
      );
      assert.match(stdout, new RegExp(`\n${code}\n$`));
      const backend = await openBackend(join(cwd, "runs.csv"));
      assert.equal((await backend.load()).length, rows);
      await backend.close();
    }
  });
}

/** Braces of a shell's group, as a template has them. */
function doubled(word: string): string {
  return word.replaceAll("{ ", "{{ ").replaceAll("; }", "; }}");
}
