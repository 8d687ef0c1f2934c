import assert from "node:assert/strict";
import { test } from "node:test";
import { durationText } from "../../core/display/duration_text.ts";
import { Pace } from "../../core/display/pace.ts";
import { ProgressBar } from "../../core/display/progress_bar.ts";
import { type Progress, progressLine } from "../../core/display/progress_line.ts";
import { readSeconds } from "../../cli/runs/read_seconds.ts";

const middle: Progress = { ran: 80, skipped: 20, failed: 1, total: 160, rate: 3.21, elapsed: 30 };

test("the progress line shows a bar, counts, rate and time left", () => {
  assert.equal(
    progressLine(middle, 100),
    "████████████████████████▌░░░░░░░░░░░░░░  63%  101/160  80 ran  20 skipped  1 failed  3.2/s  19s left",
  );
});

test("the progress line fits any width, and keeps share and time left to the last", () => {
  const others: Progress[] = [
    { ran: 0, skipped: 0, failed: 0, total: 1_000_000, rate: undefined, elapsed: 0.2 },
    { ran: 12345, skipped: 912345, failed: 17, total: 1_000_000, rate: 0.021, elapsed: 30_000 },
    { ran: 5, skipped: 0, failed: 1, total: undefined, rate: 2, elapsed: 70 },
    { ran: 6, skipped: 0, failed: 0, total: 6, rate: 1, elapsed: 6 },
  ];
  for (const progress of [middle, ...others]) {
    for (let width = 1; width <= 200; width++) {
      const line = progressLine(progress, width);
      assert(line.length <= width, line);
    }
  }
  assert.equal(progressLine(middle, 39), " 63%  101/160  1 failed  19s left");
  assert.equal(progressLine(middle, 16), " 63%  19s left");
  assert.equal(
    progressLine(middle, 59),
    "██████████▋░░░░░░  63%  101/160  80 ran  1 failed  19s left",
  );
});

test("the progress line of params without a count shows the time that it took", () => {
  const line = progressLine({ ...middle, total: undefined, elapsed: 75.5 }, 90);
  assert.equal(line, "101 finished  80 ran  20 skipped  1 failed  3.2/s  1m 15s");
});

test("slow rates are per minute or hour", () => {
  const rates = [250, 0.5, 0.02, 0.0004].map((rate) =>
    progressLine({ ...middle, rate }, 120).split("  ").at(-2)
  );
  assert.deepEqual(rates, ["250/s", "0.5/s", "1.2/min", "1.4/h"]);
});

test("a pace is learned from recorded durations until a run has ended", () => {
  const pace = new Pace(4);
  assert.equal(pace.rate(0), undefined);
  pace.learn([2, 2, 2]);
  assert.equal(pace.rate(0), undefined, "nothing runs yet");
  pace.begin(10);
  assert.equal(pace.rate(10), 2);
  pace.end(20, 10);
  assert.equal(pace.rate(20), 0.4, "its duration, over the four at once");
});

test("a pace counts runs once each place had two, so that it sees what holds them up", () => {
  const pace = new Pace(2);
  pace.begin(100);
  for (let i = 1; i <= 4; i++) pace.end(100 + i * 5, 1);
  assert.equal(pace.rate(120), 4 / 20);
  assert.equal(pace.rate(140), 4 / 40, "it falls while nothing ends");
  for (let i = 0; i < 1000; i++) pace.end(200 + i / 10, 1);
  assert(Math.abs(pace.rate(299.9)! - 10) < 1e-6, "old runs are forgotten");
});

test("a pace is not quicker than --per-second allows", () => {
  const pace = new Pace(8, 5);
  pace.learn([0.01]);
  pace.begin(0);
  assert.equal(pace.rate(0), 5);
});

test("a bar leaves the terminal as it was, and output is printed above it", () => {
  let written = "";
  const terminal = { columns: 40, write: (text: string) => void (written += text) };
  const original = console.log;
  const printed: unknown[] = [];
  console.log = (...args) => {
    printed.push(args);
    written += `${args.join(" ")}\n`;
  };
  const mine = console.log;
  try {
    const counts = { ran: 0, skipped: 256, failed: 0 };
    const bar = new ProgressBar(terminal, 1000, new Pace(1), () => counts);
    bar.above(() => void (written += "a message\n"));
    console.log("the user's", "own");
    bar.end();
    assert.equal(console.log, mine, "console is as it was");
  } finally {
    console.log = original;
  }
  assert.deepEqual(printed, [["the user's", "own"]]);
  assert.match(written, /25% {2}256\/1000/);
  assert.deepEqual(screen(written), ["a message", "the user's own", ""]);
});

test("a bar is drawn no more often than the clock allows, however much is printed", () => {
  let draws = 0;
  const terminal = { columns: 80, write: (text: string) => void (draws += Number(/%/.test(text))) };
  const counts = { ran: 1, skipped: 0, failed: 0 };
  const start = performance.now();
  const bar = new ProgressBar(terminal, 10, new Pace(1), () => counts);
  for (let i = 0; i < 1e5; i++) bar.above(() => {});
  bar.end();
  const most = Math.floor((performance.now() - start) / 100) + 1;
  assert(draws >= 1 && draws <= most, `${draws} drawings, ${most} intervals`);
});

/** What a terminal shows of a text with carriage returns and erasures to the end of the line. */
function screen(text: string): string[] {
  return text.split("\n").map((line) => {
    let shown = "";
    for (const part of line.split("\r")) {
      const erases = part.startsWith("\x1b[K");
      const drawn = erases ? part.slice(3) : part;
      shown = erases ? drawn : drawn + shown.slice(drawn.length);
    }
    return shown;
  });
}

test("durations are said in two units at most", () => {
  const texts = [0, 0.0421, 0.4, 1.44, 12.4, 59.6, 80, 3599.7, 7200, 7260, 90_000, 1e6, 3e6];
  assert.deepEqual(texts.map(durationText), [
    "0s",
    "42ms",
    "400ms",
    "1.4s",
    "12s",
    "1m",
    "1m 20s",
    "1h",
    "2h",
    "2h 1m",
    "1d 1h",
    "11d 14h",
    "34d 17h",
  ]);
});

test("durations are read with units, and as seconds without", () => {
  const read = ["30s", "500ms", "5m", "1h30m", "2d", "1.5h", "90"];
  assert.deepEqual(read.map((text) => readSeconds(text, "--timeout")), [
    30,
    0.5,
    300,
    5400,
    172_800,
    5400,
    90,
  ]);
  for (const text of ["", "0", "0s", "s", "-1s", "1 s", "1x", "5mm", "1h30", "NaN"]) {
    assert.throws(() => readSeconds(text, "--timeout"), {
      name: "UsageError",
      message: /--timeout must be a time such as 30s/,
    }, text);
  }
});
