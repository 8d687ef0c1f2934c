import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import fc from "fast-check";
import { colorsCss, contrast, standalone } from "../../figures/draw/colors.js";
import { bestTexts, drawBest } from "../../figures/draw/draw_best.js";
import { drawConfigurations } from "../../figures/draw/draw_configurations.js";
import { drawEffect } from "../../figures/draw/draw_effect.js";
import { drawHeat, heatSteps } from "../../figures/draw/draw_heat.js";
import { drawHistogram } from "../../figures/draw/draw_histogram.js";
import {
  drawInterval,
  drawIntervalAxis,
  intervalDomain,
} from "../../figures/draw/draw_interval.js";
import { drawOverTime } from "../../figures/draw/draw_over_time.js";
import { drawShares } from "../../figures/draw/draw_shares.js";
import { drawTradeOff } from "../../figures/draw/draw_trade_off.js";
import { leadWords } from "../../figures/draw/lead_words.js";
import {
  columnText,
  countText,
  numberText,
  percentText,
  secondsText,
} from "../../figures/draw/numbers.js";
import { ticks } from "../../figures/draw/scales.js";
import { escapeXml } from "../../figures/draw/svg.js";
import { fitText, textWidth, wrapText } from "../../figures/draw/text.js";
import {
  anyBest,
  anyConfigurations,
  anyEffect,
  anyHeat,
  anyMatters,
  anyOverTime,
} from "./any_figure.ts";
import * as samples from "./drawn_samples.ts";
import { noParser, type ReadSvg, readSvgs } from "./read_svgs.ts";

const options = { width: 600, better: "lower" as const, metric: "loss", id: "f" };
const took = { label: "took", better: "lower" as const };
const narrow = { ...options, width: 320 };

const overTime = {
  start: 1_764_367_200,
  interval_seconds: 300,
  done: [9, 12, 0, 7],
  failed: [0, 0, 2, 3],
  best: [{ run: 1, value: 0.61 }, { run: 12, value: 0.4 }, { run: 20, value: 0.2088 }],
};

/** Pictures that are kept, by the name of their file. */
const kept: Readonly<Record<string, () => string>> = {
  best: () => drawBest(samples.trainBest, options),
  best_narrow: () => drawBest(samples.trainBest, narrow),
  shares: () => drawShares(samples.trainMatters, { ...narrow, over: ["seed"] }),
  effect_numbers: () => drawEffect(samples.trainEffects[0]!, narrow),
  effect_texts: () => drawEffect(samples.evalsEffects[0]!, { ...narrow, better: "higher" }),
  heat: () => drawHeat(samples.smallHeat, options),
  heat_still: () => drawHeat(samples.smallHeat, { ...options, still: true }),
  trade_off: () =>
    drawTradeOff(samples.trainConfigurations, { ...options, still: true, other: took }),
  configurations: () =>
    drawConfigurations(samples.trainConfigurations, { ...options, still: true }),
  over_time: () => drawOverTime(overTime, options),
  histogram: () => drawHistogram(samples.trainConfigurations.histogram, narrow),
};

for (const [name, draw] of Object.entries(kept)) {
  test(`the picture ${name} is the one that is kept (STET_KEEP=1 keeps a new one)`, () => {
    const file = new URL(`golden/${name}.svg`, import.meta.url);
    // One element a line, so that a change is read in a diff.
    const text = `${draw().replaceAll("><", ">\n<")}\n`;
    if (process.env["STET_KEEP"] === "1" || !existsSync(file)) writeFileSync(file, text);
    const lines = readFileSync(file, "utf8").replaceAll("\r\n", "\n").split("\n");
    const at = text.split("\n").findIndex((line, i) => line !== lines[i]);
    if (at >= 0) assert.equal(text.split("\n")[at], lines[at], `line ${at + 1}`);
    assert.equal(text.split("\n").length, lines.length);
  });
}

/** Attributes that hold coordinates, and anything but them. */
const WRONG =
  /\s(?:x|y|cx|cy|r|rx|width|height|d|transform|viewBox)="[^"]*(?:NaN|Inf|und|null|e[+-]?\d)[^"]*"/;

/** Returns the problems of pictures: not well-formed, no coordinates, or text outside. */
function problemsOf(pictures: readonly string[], read: readonly ReadSvg[]): string[] {
  return read.flatMap(({ error, width, height, texts }, i) => {
    if (error !== undefined) {
      const column = Number(/column (\d+)/.exec(error)?.[1]);
      return [`${error}: ${pictures[i]!.slice(Math.max(column - 100, 0), column + 50)}`];
    }
    const wrong = WRONG.exec(pictures[i]!)?.[0];
    if (wrong !== undefined) return [`a coordinate: ${wrong}`];
    return texts.flatMap(({ text, x, y, anchor, size, bold, turned }) => {
      const own = textWidth(text, { size, bold });
      const start = anchor === "start" ? 0 : anchor === "end" ? own : own / 2;
      // A turned text is read upwards.
      const [from, to, most] = turned
        ? [height - y - start, height - y - start + own, height]
        : [x - start, x - start + own, width];
      const isInside = from >= -1 && to <= most + 1 && y >= 0 && y <= height;
      return isInside
        ? []
        : [`text outside: ${JSON.stringify({ text, from, to, most, y, height })}`];
    });
  });
}

const draws: Readonly<Record<string, fc.Arbitrary<(width: number, still: boolean) => string>>> = {
  drawBest: anyBest.map((best) => (width, still) => drawBest(best, { ...options, width, still })),
  drawShares: anyMatters.map((matters) => (width, still) =>
    drawShares(matters, { ...options, width, still, over: ["seed"] })
  ),
  drawHeat: anyHeat.map((heat) => (width, still) => drawHeat(heat, { ...options, width, still })),
  drawEffect: anyEffect.map((effect) => (width, still) =>
    drawEffect(effect, { ...options, width, still })
  ),
  drawConfigurations: anyConfigurations.map((configurations) => (width, still) =>
    drawConfigurations(configurations, { ...options, width, still })
  ),
  drawTradeOff: anyConfigurations.map((configurations) => (width, still) =>
    drawTradeOff(configurations, { ...options, width, still, other: took })
  ),
  drawOverTime: anyOverTime.map((overTime) => (width, still) =>
    drawOverTime(overTime, { ...options, width, still })
  ),
  drawHistogram: anyConfigurations.map(({ histogram }) => (width, still) =>
    drawHistogram(histogram, { ...options, width, still })
  ),
};

for (const [name, anyDraw] of Object.entries(draws)) {
  test(`${name}() of any data is well-formed, with numbers as coordinates and its text inside`, {
    skip: noParser,
  }, () => {
    const drawn = fc.sample(
      fc.tuple(anyDraw, fc.constantFrom(280, 320, 600, 1240), fc.boolean()),
      { numRuns: 150, seed: 16 },
    ).map(([draw, width, still]) => draw(width, still));
    assert.deepEqual(problemsOf(drawn, readSvgs(drawn)).slice(0, 3), []);
  });
}

test("names and values are text, whatever they are", { skip: noParser }, () => {
  const html = drawHeat(samples.evalsHeat, options) + drawBest(samples.evalsBest, options);
  assert.doesNotMatch(html, /<img/);
  assert.match(html, /&lt;img src=x/);
  assert.equal(escapeXml("\u0001\ud800\ufffe"), "\u2401\ufffd\ufffd");
});

test("marks have indexes of the data, and one of them is the tab stop", () => {
  const heat = drawHeat(samples.trainHeat, options);
  assert.equal(heat.match(/data-i="/g)?.length, 100);
  assert.equal(heat.match(/tabindex="0"/g)?.length, 1);
  assert.match(heat, new RegExp(`data-i="${samples.trainHeat.best}" role="button" tabindex="0"`));
  const effect = drawEffect(samples.evalsEffects[0]!, narrow);
  assert.match(effect, /data-where="model = &quot;claude-sonnet-4&quot;"/);
  const still = drawHeat(samples.trainHeat, { ...options, still: true });
  assert.doesNotMatch(still, /role="button"|tabindex/);
});

test("a still heat map of 2,500 cells is smaller than 80 kB", () => {
  assert(drawHeat(samples.largeHeat, { ...options, still: true }).length < 80_000);
});

test("the best cell has the last colour and the worst the first, by rank", () => {
  const heat = { ...samples.trainHeat };
  const steps = heatSteps(heat);
  assert.equal(steps[heat.best], 8);
  assert.equal(steps[heat.cells.value.indexOf(Math.max(...heat.cells.value.map(Number)))], 0);
  assert.equal(steps[57], -1);
  const higher = heatSteps({ ...heat, lower: false });
  assert.equal(higher[heat.best], 0);
  // One outlier takes no colours from the others.
  const value = [1, 2, 3, 4, 5, 6, 7, 8, 1e9];
  const few = heatSteps({ ...heat, cells: { ...heat.cells, value } });
  assert.deepEqual(few, [8, 7, 6, 5, 4, 3, 2, 1, 0]);
});

test("numbers in cells have a contrast of 4.5, and marks one of 3, in both themes", () => {
  const css = colorsCss();
  const [light = "", dark = ""] = css.split("\n");
  for (const sheet of [light, dark]) {
    const colorOf = (name: string): string => new RegExp(`--${name}:(#\\w+)`).exec(sheet)![1]!;
    for (let step = 0; step < 9; step++) {
      const found = contrast(colorOf(`heat-${step}`), colorOf(`heat-ink-${step}`));
      assert(found >= 4.5, `step ${step}: ${found}`);
    }
    const paper = colorOf("paper");
    for (const name of ["mark", "rest", "axis", "failed", "running"]) {
      assert(contrast(colorOf(name), paper) >= 3, name);
    }
    for (const name of ["ink", "dim", "failed"]) {
      assert(contrast(colorOf(name), paper) >= 4.5, name);
    }
    assert(contrast(colorOf("heat-8"), paper) > contrast(colorOf("heat-0"), paper));
  }
});

test("a standalone picture has colours in it and a background", () => {
  const svg = standalone(drawHeat(samples.trainHeat, { ...options, still: true }));
  assert.doesNotMatch(svg, /var\(/);
  assert.match(svg, /^<svg[^>]*><rect width="100%" height="100%" fill="#ffffff"\/>/);
});

test("intervals have a common axis, which a far run does not stretch", () => {
  const rows = samples.trainBest.rows;
  assert.deepEqual(intervalDomain([rows[0]!]), [rows[0]!.least, rows[0]!.most]);
  const [low, high] = intervalDomain([{ ...rows[0]!, most: 1e6 }]);
  assert(high < 1 && low > 0);
  const glyph = drawInterval({ ...rows[0]!, most: 1e6 }, { width: 200, domain: [low, high] });
  assert.match(glyph, /l-5 -3v6z/);
});

test("the axis of intervals has its numbers where the intervals have them", () => {
  const axis = drawIntervalAxis("loss", { width: 212, domain: [0, 10] });
  const places = [...axis.matchAll(/ x="([\d.]+)"[^>]*>(\d+)</g)].map(([, x, text]) => [text, x]);
  assert.deepEqual(places[1], ["5", "106"]);
  assert.deepEqual(places.map(([text]) => text), ["0", "5", "10"]);
});

test("a standard deviation has two digits, and the mean one decimal more", () => {
  const { mean, sd } = bestTexts(samples.trainBest, "loss");
  assert.deepEqual([mean[0], sd[0], sd[2]], ["0.2491", "± 0.021", "± 0.018"]);
  const [first, ...rest] = samples.trainBest.rows;
  const wide = { ...samples.trainBest, rows: [{ ...first!, mean: 123.456, sd: 12.3 }, ...rest] };
  assert.equal(bestTexts({ ...wide, rows: wide.rows.slice(0, 1) }, "loss").mean[0], "123.5");
});

test("the lead of the best is a multiple of its standard error, unless both are not told apart", () => {
  const best = { ...samples.trainBest, ties: 1 };
  const [first, second] = best.rows;
  const next = { ...second!, mean: first!.mean + 3 * first!.sd! / Math.sqrt(first!.n) };
  const rows = [first!, next];
  assert.equal(
    leadWords({ ...best, rows }, "loss"),
    "The next is 0.009 behind, 3 × the standard error of the best.",
  );
  assert.equal(leadWords({ ...best, rows, ties: 2 }, "loss"), "");
  assert.equal(leadWords({ ...best, rows: [{ ...first!, sd: null }, next] }, "loss"), "");
  assert.equal(leadWords({ ...best, rows: [first!] }, "loss"), "");
});

test("fitText() cuts in the middle, between characters, to a width", () => {
  assert.equal(fitText("short", 100), "short");
  assert.equal(fitText("You are a careful assistant. Answer.", 120), "You are a…Answer.");
  const family = "👩‍👩‍👧‍👦".repeat(10);
  const cut = fitText(family, 100);
  assert.match(cut, /^(?:👩‍👩‍👧‍👦)+…(?:👩‍👩‍👧‍👦)+$/u);
  assert(textWidth(cut) <= 100);
  assert(textWidth(fitText("漢字".repeat(50), 80)) <= 80);
  assert.equal(fitText("a\n\tb", 100), "a b");
  assert.equal(fitText("שלום", 100), "\u2068שלום\u2069");
  assert.deepEqual(wrapText("Think step by step. Then answer.", 90, 2), [
    "Think step by",
    "step. T…swer.",
  ]);
});

test("numbers are short", () => {
  assert.equal(numberText(0.005994842503189409, 3), "0.00599");
  assert.equal(numberText(1e-4), "1e−4");
  assert.equal(numberText(-12345.6), "−12,346");
  assert.equal(numberText(2e12), "2e12");
  assert.deepEqual([1, 4570, 1234567].map(countText), ["1", "4,570", "1,234,567"]);
  assert.deepEqual([0.249, 0.55, 0.872].map(columnText([0.249, 0.55, 0.872])), [
    "0.249",
    "0.550",
    "0.872",
  ]);
  assert.deepEqual([1, 20].map(columnText([1, 20])), ["1", "20"]);
  assert.deepEqual([0.5, 1].map(columnText([0.5, 1])), ["0.5", "1.0"]);
  assert.deepEqual([0.8123, 0.0894, 0.0199, 0.00001, 0.9999, 1].map(percentText), [
    "81 %",
    "8.9 %",
    "2 %",
    "< 0.1 %",
    "99 %",
    "100 %",
  ]);
  assert.deepEqual([0.04, 1.44, 26.2, 75, 7500, 40_000, 1e6].map(secondsText), [
    "40 ms",
    "1.4 s",
    "26 s",
    "1 min 15 s",
    "2 h 5 min",
    "11 h",
    "12 d",
  ]);
});

test("ticks are round, and two at least", () => {
  assert.deepEqual(ticks([0.23, 0.81], 4), [0.4, 0.6, 0.8]);
  assert.deepEqual(ticks([0, 100], 5), [0, 20, 40, 60, 80, 100]);
  assert.deepEqual(ticks([3, 3], 5), [3]);
  fc.assert(fc.property(fc.double({ noNaN: true }), fc.double({ noNaN: true }), (a, b) => {
    const found = ticks([Math.min(a, b), Math.max(a, b)], 4);
    assert(found.length <= 101 && (a === b || !Number.isFinite(b - a) || found.length >= 2));
  }));
});
