import assert from "node:assert/strict";
import { test } from "node:test";
import { displayWidth } from "../../core/display/display_width.ts";
import { viewOf } from "../../figures/data/view_of.ts";
import { barLines } from "../../figures/terminal/bar_lines.ts";
import { bestLines } from "../../figures/terminal/best_lines.ts";
import { Braille } from "../../figures/terminal/braille.ts";
import { fitCells } from "../../figures/terminal/fit_cells.ts";
import { heatLines } from "../../figures/terminal/heat_lines.ts";
import { intervalText } from "../../figures/terminal/interval_text.ts";
import { colorDepth, paintOf } from "../../figures/terminal/paint.ts";
import { effectLines, seriesLines } from "../../figures/terminal/plot_lines.ts";
import type { View } from "../../figures/view.ts";
import { smallHeat } from "./drawn_samples.ts";
import { samples } from "./samples.ts";

/** Returns all figures of a view as lines. */
function allLines(view: View, width: number, depth: "24bit" | "shades" | "none"): string[] {
  const options = { width, paint: paintOf(depth), metric: view.choices.metric?.label ?? "" };
  return [
    ...bestLines(view, options),
    ...barLines(view, options),
    ...view.effects.flatMap((effect) => effectLines(effect, options)),
    ...view.heat ? heatLines(view.heat, options) : [],
    ...view.heat?.y ? seriesLines(view.heat, options) : [],
  ];
}

// deno-lint-ignore no-control-regex
const ESCAPES = /\x1b\[[\d;]*m/g;

test("figures of every sample fit into the width of the terminal, with and without colours", () => {
  for (const [name, make] of Object.entries(samples)) {
    const { rows, failures } = make();
    const view = viewOf(rows, {}, { failures });
    for (const width of [60, 80, 140]) {
      for (const depth of ["24bit", "shades", "none"] as const) {
        for (const line of allLines(view, width, depth)) {
          const bare = line.replace(ESCAPES, "");
          assert(displayWidth(bare) <= width, `${name} at ${width}: ${JSON.stringify(bare)}`);
          // Values cannot write escape sequences.
          // deno-lint-ignore no-control-regex
          assert.doesNotMatch(bare, /[\x00-\x1f\x7f-\x9f]/, name);
          if (depth === "none") assert.equal(line, bare);
        }
      }
    }
  }
});

test("numbers of params are rounded where the terminal is narrow, never cut in the middle", () => {
  const rows = [0.009791483, 0.030638871].flatMap((lr) =>
    ["adam", "sgd"].flatMap((optimizer) =>
      [0, 0.1].flatMap((dropout) =>
        [0, 1].map((seed) => ({
          ...{ lr, layers: lr < 0.02 ? 4 : 8, optimizer, dropout, seed },
          "result.accuracy": 0.9 + lr + seed / 100,
          _stet_elapsed: 1,
        }))
      )
    )
  );
  const lines = bestLines(viewOf(rows, {}), { width: 72, paint: paintOf("none") });
  assert.match(lines[1]!, /0\.0306 /);
  assert.match(lines.at(-1)!, /0\.00979 /);
  for (const line of lines.slice(1)) assert.doesNotMatch(line, /\d…/);
});

test("a heat map has numbers and shades, brackets at the best cell, ! at failures, · where there is none", () => {
  const lines = heatLines(smallHeat, { width: 60, paint: paintOf("none"), metric: "loss" });
  assert.deepEqual(lines.slice(0, 3).map((line) => line.trim().split(/\s+/)), [
    ["32", "0.586", "0.457░", "0.359▒", "0.294▓"],
    ["16", "0.565", "·", "0.346▒", "0.284█"],
    ["8", "0.546", "0.424░", "0.335!▓", "[0.277]█"],
  ]);
  assert.equal(lines.at(-1), "batch up, lr across; [ ] best, ! with failures");
});

test("a heat map that is too wide for numbers has shades alone", () => {
  const lines = heatLines(smallHeat, { width: 20, paint: paintOf("none"), metric: "loss" });
  assert.match(lines[2]!, /^ *8 .*◆/);
});

test("an effect of few numbers has a line for each, and one that names the marks", () => {
  const rows = [1, 2].flatMap((lr) =>
    [1, 2, 3].map((batch) => ({ lr, batch, "result.loss": lr + batch / 10 }))
  );
  const { effects } = viewOf(rows);
  const options = { width: 60, paint: paintOf("none"), metric: "loss" };
  assert.deepEqual(
    effectLines(effects[0]!, options).map((line) => line.replace(/ *[━●][━● ]*/, " …")),
    [
      "lr  loss",
      " 1   1.2 …",
      " 2   2.2 …",
      " …mean, ━ middle 80 % of configurations",
    ],
  );
  const many = viewOf([1, 2, 3, 4].map((lr) => ({ lr, "result.loss": lr })));
  assert.equal(effectLines(many.effects[0]!, options).at(-1), "line: mean");
});

test("colorDepth() follows the terminal, NO_COLOR and COLORTERM", () => {
  const env = { COLORTERM: "truecolor", TERM: "xterm" };
  assert.equal(colorDepth({ isTerminal: true, env }), "24bit");
  assert.equal(colorDepth({ isTerminal: false, env }), "none");
  assert.equal(colorDepth({ isTerminal: true, env: { ...env, NO_COLOR: "1" } }), "none");
  assert.equal(colorDepth({ isTerminal: true, env: { TERM: "xterm" } }), "shades");
  assert.equal(colorDepth({ isTerminal: true, env: { TERM: "dumb" } }), "none");
});

test("an interval has a dot between a thick and a thin line", () => {
  const interval = { thin: [0, 10], thick: [4, 8], dot: 6 } as const;
  assert.equal(intervalText(interval, [0, 20], 21), "────━━●━━──          ");
});

test("braille has two dots across and four down", () => {
  const canvas = new Braille(2, 1);
  canvas.line(0, 3, 3, 0);
  canvas.dot(99, 99);
  assert.deepEqual(canvas.lines(), ["⡠⠊"]);
});

test("fitCells() cuts in the middle by the cells that characters take", () => {
  assert.equal(fitCells("You are a careful assistant", 12), "You ar…stant");
  assert.equal(fitCells("漢字漢字漢字", 7), "漢字…字");
  assert.equal(fitCells("a\u001b[31mb\n", 20), "a␛[31mb ");
});
