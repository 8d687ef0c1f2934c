import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { FIGURES } from "../../figures/report/report_svg.ts";
import { noParser, readSvgs } from "../figures/read_svgs.ts";
import { samples, writeHeaderOnly, writeSample } from "../figures/samples.ts";
import { served } from "../served.ts";

test("each figure of a view is an SVG file", { skip: noParser }, async (t) => {
  const { ask, store } = await served(t);
  await writeSample(path.dirname(store), samples["demo"]!());
  for (const kind of FIGURES) {
    const answer = await ask(`/v1/figure.svg?kind=${kind}&width=500&other=took`);
    const svg = await answer.text();
    assert.equal(answer.status, 200, `${kind}: ${svg}`);
    assert.equal(answer.headers.get("content-type"), "image/svg+xml");
    assert.match(answer.headers.get("content-security-policy") ?? "", /^default-src/);
    assert.doesNotMatch(svg, /var\(/, "its colours are in it");
    assert.equal(readSvgs([svg])[0]!.error, undefined);
  }
});

test("a figure obeys the choices of its view", async (t) => {
  const { ask, store } = await served(t);
  await writeSample(path.dirname(store), samples["demo"]!());
  const query = new URLSearchParams({ kind: "heat", x: "k", y: "scaling", where: "k > 1" });
  const svg = await (await ask(`/v1/figure.svg?${query}`)).text();
  assert.match(svg, /aria-label="accuracy by k and scaling"/);
  assert.doesNotMatch(svg, /<title>k 1,/);
});

test("a figure that a store has not, and a kind that there is not, are errors", async (t) => {
  const { ask, store } = await served(t);
  writeHeaderOnly(path.dirname(store));
  const missing = await ask("/v1/figure.svg?kind=best");
  assert.equal(missing.status, 404);
  assert.match((await missing.json()).detail, /no figure "best"/);
  for (const query of ["", "kind=pie", "kind=heat&width=1e9", "kind=heat&colour=red"]) {
    const wrong = await ask(`/v1/figure.svg?${query}`);
    assert.equal(wrong.status, 400, query);
    await wrong.body?.cancel();
  }
});
