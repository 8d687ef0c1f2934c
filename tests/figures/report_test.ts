import assert from "node:assert/strict";
import { test } from "node:test";
import { viewOf } from "../../figures/data/view_of.ts";
import { matterWords } from "../../figures/report/head_words.ts";
import { MAX_BYTES, reportHtml } from "../../figures/report/report_html.ts";
import { reportMarkdown } from "../../figures/report/report_markdown.ts";
import { reportSvg } from "../../figures/report/report_svg.ts";
import type { View, ViewQuery } from "../../figures/view.ts";
import { noParser, readSvgs } from "./read_svgs.ts";
import { largeRows, samples } from "./samples.ts";

const facts = {
  title: "A & B <runs>",
  command: "stet report runs.csv --metric loss",
  time: "2026-11-30 10:00 UTC",
  git: "5f3c2a1e9b7d on main, with uncommitted changes",
  version: "1.2.3",
  rows: 200,
};

function viewOfSample(name: string, query: ViewQuery = {}): View {
  const { rows, failures } = samples[name]!();
  const store = { store: `${name}.csv`, location: `/data/${name}.csv`, command: "stet run -- a" };
  return viewOf(rows, query, { failures, ...store });
}

/** Elements that have no end. */
const VOID = /^(?:meta|br|path|rect|circle|text|g)$/;

/** Returns tags of HTML that do not match. */
function unmatched(html: string): string[] {
  const open: string[] = [];
  const wrong: string[] = [];
  for (const [, end, name = "", self] of html.matchAll(/<(\/?)([a-z]\w*)(?:\s[^<>]*?)?(\/?)>/gi)) {
    if (self === "/" || end === "" && /^(?:meta|br)$/.test(name)) continue;
    if (end === "") open.push(name);
    else if (open.pop() !== name) wrong.push(name);
  }
  return [...wrong, ...open.filter((it) => !VOID.test(it))];
}

for (const name of Object.keys(samples)) {
  test(`the report of ${name} is one HTML file without scripts, of at most 300 kB`, () => {
    const html = reportHtml(viewOfSample(name), facts);
    assert(new TextEncoder().encode(html).length <= MAX_BYTES);
    assert.doesNotMatch(html, /<script|<img|<link|<iframe|url\((?!#)/);
    const tags = html.replace(/"[^"]*"/g, '""').match(/<[^>]*>/g)!.join("\n");
    assert.doesNotMatch(tags, /\s(?:on\w+|src|href|style)=/);
    // Addresses are names of namespaces only.
    assert.doesNotMatch(html.replaceAll('xmlns="http://www.w3.org/2000/svg"', ""), /https?:\/\//);
    assert.deepEqual(unmatched(html.replace(/^<!doctype html>/, "")), []);
    assert.match(html, /<h1>A &amp; B &lt;runs&gt;<\/h1>/);
    const ids = [...html.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id);
    assert.equal(new Set(ids).size, ids.length, "ids are unique");
  });

  test(`the report of ${name} is one SVG file`, { skip: noParser }, () => {
    const svg = reportSvg(viewOfSample(name), facts);
    assert.doesNotMatch(svg, /var\(|<script|<img/);
    assert.equal(readSvgs([svg])[0]!.error, undefined);
  });

  test(`the report of ${name} in Markdown has no HTML`, () => {
    const text = reportMarkdown(viewOfSample(name), facts);
    assert.match(text, /^# A \\& B \\<runs\\>\n/);
    const prose = text.replace(/^(`{3,})text\n[^]*?^\1$/gm, "").replace(/(`+)[^\n]*?\1/g, "");
    assert.doesNotMatch(prose, /(?<!\\)</);
  });
}

test("a report names store, command of the runs, its own command, git, time, version and filter", () => {
  const view = viewOfSample("train", { where: "lr > 0.001" });
  for (const write of [reportHtml, reportMarkdown, reportSvg]) {
    const text = write(view, facts);
    assert.match(text, /\/data\/train\.csv/);
    assert.match(text, /5f3c2a1e9b7d on main, with uncommitted changes/);
    assert.doesNotMatch(write(view, { ...facts, git: undefined }), /\bgit\b/i);
    assert.match(text, /stet run -- a/);
    assert.match(text, /stet report runs\.csv --metric loss/);
    assert.match(text, /2026-11-30 10:00 UTC by stet 1\.2\.3/);
    assert.match(text.replaceAll("\\", ""), /runs where lr (?:&gt;|>) 0\.001/);
  }
});

test("a report says the best configuration, its spread and the lucky run", () => {
  const view = viewOfSample("train");
  const html = reportHtml(view, facts);
  assert.match(
    html,
    /Best: lr <strong>\S+<\/strong>, batch <strong>\d+<\/strong> with loss <strong>0\.2\d+ ± 0\.0\d+<\/strong> \(50 runs\)/,
  );
  assert.match(html, /<strong class="failed">430 failed<\/strong>/);
  const best = view.best!;
  const luck = {
    value: 0.2088,
    params: [{ name: "lr", value: "0.01668" }],
    replicate: [{ name: "seed", value: "11" }],
    place: 8,
  };
  const lucky = reportHtml({ ...view, best: { ...best, luck, ties: 3 } }, facts);
  assert.match(html, /The next is 0\.0\d+ behind, \d\.\d × the standard error of the best\./);
  assert.match(
    lucky,
    /The single best run \(0\.2088\) is of another configuration, lr <strong>0\.01668<\/strong>, number 8 by mean: the luck of seed 11\./,
  );
  assert.match(lucky, /The first 3 are not told apart/);
});

test("a report of runs that all failed has no map of zeros", () => {
  const view = viewOfSample("allFailed");
  for (const text of [reportHtml(view, facts), reportSvg(view, facts)]) {
    assert.doesNotMatch(text, /runs by lr/);
    assert.match(text, /12 failures/);
  }
});

test("shares of a random search of one run each are not said to be of unequal numbers of runs", () => {
  const rows = Array.from({ length: 80 }, (_, i) => ({ a: i, b: 2 * i, "result.loss": i % 7 }));
  const words = matterWords(viewOf(rows));
  assert(words.endsWith("Approximate: combinations are missing, or runs of some configurations."));
});

test("the data of each figure is a table of at most so many rows", () => {
  const html = reportHtml(viewOfSample("train"), { ...facts, rows: 5 });
  const tables = html.match(/<details>.*?<\/details>/g)!;
  assert(tables.length >= 5);
  for (const table of tables) assert(table.match(/<tr>/g)!.length <= 6);
  assert.match(html, /The first 5 of 100 rows\./);
  assert.doesNotMatch(reportHtml(viewOfSample("train"), { ...facts, rows: 0 }), /<details>/);
});

test("the report of 100,000 rows of 11 columns is at most 300 kB", () => {
  const html = reportHtml(viewOf(largeRows(100_000)), facts);
  assert(new TextEncoder().encode(html).length <= MAX_BYTES);
  assert.match(html, /<h2>Best configurations<\/h2>/);
});
