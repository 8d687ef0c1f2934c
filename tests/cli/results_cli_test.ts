import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { main } from "../../cli.ts";
import { samples, writeSample } from "../figures/samples.ts";
import { tempFolder } from "../temp_folder.ts";

/** What a command line prints, and its exit code. */
async function stet(...args: string[]): Promise<{ out: string[]; err: string[]; code: number }> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await main(args, { log: (line) => out.push(line), error: (line) => err.push(line) });
  return { out, err, code };
}

test("best prints the best configurations by mean, with spread and runs", async (t) => {
  const store = await writeSample(tempFolder(t), samples["demo"]!());
  const { out, code } = await stet("best", store, "--over", "distance", "-n", "3");
  assert.equal(code, 0);
  assert.equal(
    out[0],
    "accuracy · higher is better · each configuration is the mean over distance · 54 configurations of k × features × scaling",
  );
  assert.match(
    out[2]!,
    /^ {2}k +features +scaling +accuracy +± sd +runs +took {2}least ─━●━─ most$/,
  );
  assert.equal(out.slice(3, 6).filter((line) => /±.*●/.test(line)).length, 3);
  assert(
    out.some((line) =>
      /^Best: k \d+, features all, scaling \w+ with accuracy 0\.\d+ ± /.test(line)
    ),
  );
});

test("best --over '' averages over no param", async (t) => {
  const store = await writeSample(tempFolder(t), samples["train"]!());
  const { out } = await stet("best", store, "--over", "", "-n", "1");
  assert.match(out[0]!, /^loss · lower is better · 4,570 configurations of lr × batch × seed$/);
  assert.deepEqual(out.slice(-3), [
    "Each configuration has one run, so there is no spread.",
    "430 configurations are not ranked: their runs failed.",
    "epochs is always 20.",
  ]);
});

test("best --json has the values of params as they are", async (t) => {
  const store = path.join(tempFolder(t), "runs.csv");
  const long = "x".repeat(300);
  fs.writeFileSync(
    store,
    'on,layers,name,n,result.loss\nTrue,"[64,64]",None,,1\nFalse,"[64]",' + long + ",5,2\n",
  );
  const { out } = await stet("best", store, "--json");
  assert.deepEqual(out.map((line) => JSON.parse(line).params), [
    { on: true, layers: [64, 64], name: null },
    { on: false, layers: [64], name: long, n: 5 },
  ]);
});

test("best --json prints an object for each configuration", async (t) => {
  const store = await writeSample(tempFolder(t), samples["demo"]!());
  const { out } = await stet(
    "best",
    store,
    "-m",
    "accuracy",
    "--better",
    "lower",
    "--json",
    "-n",
    "2",
  );
  const [first, second] = out.map((line) => JSON.parse(line));
  assert.equal(out.length, 2);
  assert.equal(typeof first.params.k, "number");
  assert.equal(typeof first.params.distance, "string");
  assert.equal(first.metric, "result.accuracy");
  assert(first.mean <= second.mean);
  assert.deepEqual([first.n, first.sd, first.tied], [1, null, true]);
});

test("plot draws a result by a param, by two, and by how much each matters", async (t) => {
  const store = await writeSample(tempFolder(t), samples["demo"]!());
  const line = (await stet("plot", store, "accuracy", "k")).out;
  assert(line.some((text) => /[\u2801-\u28ff]{3}/.test(text)), "a line in braille");
  const glyphs = (await stet("plot", store, "accuracy", "scaling")).out;
  assert(glyphs.some((text) => /^ *minmax +0\.\d+ .*━●━/.test(text)));
  const map = (await stet("plot", store, "accuracy", "k", "scaling")).out;
  assert(map.some((text) => /^ *minmax .*\[0\.\d+\]█/.test(text)));
  const series = (await stet("plot", store, "accuracy", "k", "--by", "scaling")).out;
  assert.equal(series.at(-1), "scaling:  a minmax  b none  c zscore");
  const bars = (await stet("plot", store)).out;
  assert(bars.some((text) => /^ *features +█+.* \d+ %$/.test(text)));
  const counts = (await stet("plot", store, "accuracy", "k", "scaling", "--agg", "n")).out;
  assert(counts.some((text) => /^ *minmax +\[?9/.test(text)));
});

test("a column that is not there is an error of the command line", async (t) => {
  const store = await writeSample(tempFolder(t), samples["demo"]!());
  for (
    const [args, message] of [
      [["best", store, "-m", "acuracy"], /"acuracy".*accuracy/],
      [["plot", store, "accuracy", "kk"], /"kk"/],
      [["best", store, "--where", "kk > 1"], /"kk"/],
      [["plot", store, "--by", "k"], /--by wants a result and one param/],
      [["plot", store, "accuracy", "k", "k"], /"k" is named twice/],
      [["report", store, "-o", "report.pdf"], /must end in \.html, \.svg or \.md/],
      [["report", store, "-o", "x.html", "--figure", "heat"], /--figure makes an SVG/],
      [["report", store, "-o", store, "--format", "md"], /must name another file than the store/],
      [["best", store, "--where", "k > 1000"], /no run fulfils the condition/],
    ] as const
  ) {
    const { err, code } = await stet(...args);
    assert.equal(code, 2, args.join(" "));
    assert.match(err.join("\n"), message);
  }
});

test("a store without a number among its results says how to keep one", async (t) => {
  const folder = tempFolder(t);
  const failed = await writeSample(folder, samples["allFailed"]!());
  const texts = path.join(folder, "texts.csv");
  fs.writeFileSync(texts, "a,result.b\n1,x\n2,y\n");
  const empty = path.join(folder, "empty.csv");
  fs.writeFileSync(empty, "a,result.b\n");
  for (
    const [store, message] of [
      [texts, /no result is a number: save: true keeps results/],
      [failed, /no run has succeeded, 12 failed; stet failures says why/],
      [empty, /no run has succeeded yet/],
    ] as const
  ) {
    const { err, code } = await stet("best", store);
    assert.equal(code, 2);
    assert.match(err.join("\n"), message);
  }
});

test("a misspelt result has the nearest one in its error, by what is after the point", async (t) => {
  const store = await writeSample(tempFolder(t), samples["train"]!());
  for (const args of [["best", store, "-m", "los"], ["plot", store, "lss", "lr"]]) {
    assert.match((await stet(...args)).err[0]!, /did you mean "result\.loss"\?/);
  }
  assert.match(
    (await stet("ls", store, "--where", "lss > 1")).err[0]!,
    /did you mean result\.loss/,
  );
});

test("report writes one file of the kind that its name says", async (t) => {
  const folder = tempFolder(t);
  const store = await writeSample(folder, samples["demo"]!());
  for (
    const [name, start] of [
      ["a.html", /^<!doctype html>/],
      ["a.svg", /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/],
      ["a.md", /^# Demo\n/],
    ] as const
  ) {
    const file = path.join(folder, name);
    const { err, code } = await stet("report", store, "-o", file, "--title", "Demo");
    assert.equal(code, 0);
    assert.match(err.join("\n"), /wrote .*, \d+ kB/);
    assert.match(fs.readFileSync(file, "utf8"), start);
  }
  const heat = path.join(folder, "heat.svg");
  await stet("report", store, "-o", heat, "--figure", "heat", "--where", "k > 1");
  assert.match(fs.readFileSync(heat, "utf8"), /aria-label="accuracy by features and scaling"/);
  const html = fs.readFileSync(path.join(folder, "a.html"), "utf8");
  assert.match(html, /stet report \S+runs\.csv<\/code>/);
});
