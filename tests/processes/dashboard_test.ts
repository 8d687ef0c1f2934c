import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { after, test, type TestContext } from "node:test";
import { openBackend } from "../../mod.ts";
import { serve } from "../../server.ts";
import type { Row } from "../../core/values/value.ts";
import {
  closeBrowser,
  openWindow,
  reason,
  type Served,
  startSidecar,
  startSweep,
  until,
  type Window,
} from "../dashboard/browser.ts";
import type { Page, Route } from "../dashboard/playwright.ts";
import { sampleRows } from "../dashboard/sample.ts";
import { samples, trainSample, writeHeaderOnly, writeSample } from "../figures/samples.ts";
import { type Runtime, runtimes } from "../runtimes.ts";
import { tempFolder, tempStore } from "../temp_folder.ts";

const options = { skip: reason };
after(closeBrowser);
const servers = runtimes.filter(({ name }) => name !== "node");
const [anyRuntime] = servers.length > 0 ? servers : runtimes;

/** A store with these rows. */
async function storeOf(t: TestContext, rows: readonly Row[]): Promise<string> {
  return await writeSample(tempFolder(t), { rows, failures: [] });
}

async function record(path: string, row: Row): Promise<void> {
  const backend = await openBackend(path, { durability: "process" });
  await backend.record(row);
  await backend.close();
}

/** A window at the page of a store; both end with the test. */
async function opened(
  t: TestContext,
  path: string,
  { runtime = anyRuntime!, search = "", ...how }: {
    readonly runtime?: Runtime;
    readonly search?: string;
    readonly token?: string;
  } = {},
): Promise<Window & { readonly sidecar: Served }> {
  const sidecar = await startSidecar(runtime, path, how);
  t.after(() => sidecar.stop("SIGKILL"));
  const window = await openWindow();
  t.after(() => window.close());
  await window.page.goto(sidecar.url + search);
  return { ...window, sidecar };
}

/** The text of an element. */
async function text(page: Page, selector: string): Promise<string> {
  const [found = ""] = await page.locator(selector).allTextContents(); // does not wait for one
  return found.replace(/\s+/g, " ").trim();
}

/** Waits until the text of an element matches. */
async function shows(page: Page, selector: string, expected: RegExp | string): Promise<void> {
  await until(async () => {
    const found = await text(page, selector);
    if (typeof expected === "string") assert.equal(found, expected);
    else assert.match(found, expected);
  });
}

const chips = (page: Page): Promise<string[]> =>
  page.locator(".filter .chip bdi").allTextContents();

async function showsChips(page: Page, expected: readonly string[]): Promise<void> {
  await until(async () => assert.deepEqual(await chips(page), expected));
}

/** The choices in the address. */
const choices = (page: Page): Record<string, string> =>
  Object.fromEntries(new URL(page.url()).searchParams);

/** The name of the element with the focus. */
const focused = async (page: Page): Promise<string> =>
  String(
    await page.evaluate(
      "document.activeElement.getAttribute('aria-label') || document.activeElement.id || document.activeElement.textContent",
    ),
  );

/** Nothing went wrong in the window, and nothing but the sidecar was asked. */
function assertClean({ errors, hosts, sidecar }: Window & { readonly sidecar: Served }): void {
  assert.deepEqual(errors, []);
  assert.deepEqual([...hosts], [new URL(sidecar.url).host]);
}

/** axe-core finds no fault in the page as it is, in light and dark. */
async function assertAccessible(page: Page, name: string): Promise<void> {
  const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  await page.evaluate(`${axe};0`);
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    const found = await page.evaluate(
      `axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) =>
        violations.map(({ id, nodes }) => id + " " + nodes[0].html))`,
    );
    assert.deepEqual(found, [], `${name} in ${colorScheme}`);
  }
}

for (const runtime of servers) {
  test(
    `a running sweep moves the page without a reload (sidecar on ${runtime.name})`,
    options,
    async (t) => {
      const path = await storeOf(t, sampleRows(4));
      const window = await opened(t, path, { runtime });
      const { page } = window;
      await shows(page, ".line", /^44 /);
      await shows(page, "h1", "runs.csv");
      await shows(page, ".live", "live");
      await page.evaluate("window.isSame = true");

      const sweep = startSweep(runtime, path, 0, 8);
      t.after(() => sweep.stop());
      await shows(page, ".now", /lr = .*process \d+/);
      await shows(page, ".failures", /loss is NaN/);
      sweep.release();
      let last = 44;
      await until(async () => {
        const done = Number(/^(\d+) /.exec(await text(page, ".line"))?.[1]);
        assert(done >= last, "what is done does not become less");
        last = done;
        assert.equal(done, 99);
      });
      await sweep.ended;
      await shows(page, ".line", /^99 of 108 done · 9 failed · ended/);
      await shows(page, "#range", "1–25 of 108 runs");
      await until(async () => assert.equal(await page.locator(".now").count(), 0));

      // One group of one message, whatever its numbers; errors are text, and unfold with their stacks.
      await shows(page, ".failures summary", /9.*<b onclick=alert\(#\)>at<\/b> step #/);
      await page.locator(".failures summary").first().focus();
      await page.keyboard.press("Enter");
      await page.locator(".failed-runs summary").first().click();
      await shows(page, ".failed-runs pre", /RangeError.*sweep\.ts/);
      assert.equal(await page.locator(".failures .why b, #table i, svg i").count(), 0);

      assert.equal(await page.evaluate("window.isSame"), true);
      await window.sidecar.stop();
      assertClean({ ...window, errors: window.errors.filter((error) => !/ERR_/.test(error)) });
    },
  );
}

test(
  "the best configuration is named, and its choices are steps of the history",
  options,
  async (t) => {
    const { rows, failures } = trainSample();
    const path = await writeSample(tempFolder(t), { rows, failures: failures.slice(0, 3) });
    const window = await opened(t, path);
    const { page } = window;
    const means = new Map<string, number[]>();
    for (const { lr, batch, "result.loss": loss } of rows) {
      const key = `${lr} ${batch}`;
      means.set(key, [...means.get(key) ?? [], loss as number]);
    }
    const mean = (values: readonly number[]): number =>
      values.reduce((sum, each) => sum + each, 0) / values.length;
    const [[best, values] = ["", []]] = [...means].sort((a, b) => mean(a[1]) - mean(b[1]));
    const [lr = "", batch = ""] = best.split(" ");
    await shows(page, ".sentence", new RegExp(`^Best: lr = ${lr}, batch = ${batch} with loss`));
    assert.match(
      await text(page, ".sentence"),
      new RegExp(`${mean(values).toFixed(4)} ± .*\\(n = 50\\)`),
    );
    assert.equal(await page.locator(".best tbody tr").count(), 8);
    // The metric, its direction and what is averaged over are steps of the history.
    await page.locator("#metric").selectOption("result.accuracy");
    await shows(page, ".sentence", /with accuracy/);
    await page.locator(".turn").click();
    await shows(page, ".turn", "↓ lower is better");
    await page.locator(".over .chip button").click();
    await shows(page, ".over", /nothing/);
    assert.deepEqual(choices(page), { metric: "result.accuracy", better: "lower", over: "" });
    await page.reload();
    await shows(page, ".over", /nothing/);
    await page.goBack();
    await page.goBack();
    await page.goBack();
    await shows(page, ".sentence", /with loss/);
    assert.deepEqual(choices(page), {});
    assertClean(window);
  },
);

test("one filter acts on every figure, and is in the address", options, async (t) => {
  const rows = sampleRows(10);
  const window = await opened(t, await storeOf(t, rows));
  const { page } = window;
  await shows(page, "#range", "1–25 of 110 runs");
  await page.locator("#heat-x").selectOption("lr");
  await page.locator("#heat-y").selectOption("optimizer");
  await until(async () => assert.equal(await page.locator(".heat .cell").count(), 11));

  // A cell, and the same in the field.
  const cell = page.locator(".heat .cell[aria-label*='0.1'][aria-label*='adam']");
  await until(async () => assert.equal(await cell.count(), 1));
  await cell.click();
  await showsChips(page, ["lr = 0.1", "optimizer = 'adam'"]);
  await shows(page, "#range", "1–10 of 10 runs that match");
  await page.keyboard.press("Escape");
  await showsChips(page, ["lr = 0.1"]);
  await shows(page, "#range", "1–25 of 30 runs that match");
  await page.keyboard.press("/");
  await page.keyboard.type("opti");
  await shows(page, "#where-options", "optimizer");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.keyboard.type(" = 'it''s <i>'");
  await page.keyboard.press("Enter");
  await showsChips(page, ["lr = 0.1", "optimizer = 'it''s <i>'"]);
  await shows(page, "#range", "1–10 of 10 runs that match");
  await page.reload();
  await showsChips(page, ["lr = 0.1", "optimizer = 'it''s <i>'"]);
  await page.goBack();
  await showsChips(page, ["lr = 0.1"]);
  await page.goBack();
  await showsChips(page, ["lr = 0.1", "optimizer = 'adam'"]);
  await page.goBack();
  await showsChips(page, []);

  // Short names are accepted; a condition that cannot be read says where.
  await page.locator("#where").fill("loss < 0.25 and seed in (1, 2)");
  await page.keyboard.press("Enter");
  await showsChips(page, ["loss < 0.25", "seed in (1, 2)"]);
  const matching = rows.filter((row) =>
    (row["result.loss"] as number) < 0.25 && [1, 2].includes(row["seed"] as number)
  );
  await shows(page, "#range", `1–${matching.length} of ${matching.length} runs that match`);
  await page.locator("#where").fill("lr >");
  await page.keyboard.press("Enter");
  await shows(page, ".controls .error", /at character/);
  await page.keyboard.press("Escape");
  await until(async () => assert.equal(await page.locator(".controls .error").count(), 0));
  // A condition that cannot be read is a request that was wrong, which Chromium logs.
  const errors = window.errors.filter((error) => !/status of 400/.test(error));
  assertClean({ ...window, errors });
});

test("arrays and objects are values to filter by", options, async (t) => {
  const window = await opened(t, await writeSample(tempFolder(t), samples["arrays"]!()));
  const { page } = window;
  await shows(
    page,
    ".sentence",
    /The single best run .* is of another configuration.* luck of seed = 3\.$/,
  );
  await page.locator(".best tbody button").first().click();
  await until(async () => assert.match((await chips(page))[0] ?? "", /^layers = \[128,64,32\]$/));
  await shows(page, "#range", "1–4 of 4 runs that match");
  assertClean(window);
});

test(
  "the table is the best first, is sorted, paged, and shows the columns chosen",
  options,
  async (t) => {
    const rows = sampleRows(10);
    const window = await opened(t, await storeOf(t, rows));
    const { page } = window;
    const losses = rows.map((row) => row["result.loss"] as number).sort((a, b) => a - b);
    const shown = async (expected: readonly number[]): Promise<void> =>
      await until(async () =>
        assert.deepEqual(
          (await page.locator("#table tbody td:nth-child(6)").allTextContents()).map(Number),
          expected.map((loss) => Number(loss.toPrecision(4))),
        )
      );
    await shown(losses.slice(0, 25));
    assert.deepEqual(
      (await page.locator("#table thead th").allTextContents()).map((each) => each.trim()),
      ["compare", "status", "seed", "lr", "optimizer", "loss", "took"],
    );
    await page.locator("#last").click();
    await shows(page, "#range", "101–110 of 110 runs");
    await shown(losses.slice(100));
    assert(await page.locator("#next").isDisabled());
    await page.locator("#table th button", { hasText: "loss" }).press("Enter");
    await shown(losses.toReversed().slice(0, 25));
    assert.equal(await page.locator("th[aria-sort=descending]").count(), 1);
    assert.deepEqual(choices(page), { sort: "-result.loss" });
    await page.locator(".runs .menu summary").click();
    await page.locator(".column-list label", { hasText: "ended" }).click();
    await until(async () =>
      assert.equal(await page.locator("#table th", { hasText: "ended" }).count(), 1)
    );
    assertClean(window);
  },
);

test("a run is opened with all of its values, and compared with others", options, async (t) => {
  const window = await opened(t, await writeSample(tempFolder(t), samples["evals"]!()));
  const { page } = window;
  await shows(page, "#range", /of 540 runs/);
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  assert.match(await focused(page), /run 2/);
  await page.keyboard.press("Enter");
  await shows(
    page,
    "#run",
    /Run: done.*prompt\{question\}.*cost_usd0\.\d+.*took\d[\d.]* s.*ended2026-/,
  );
  await page.locator("#run button", { hasText: "Copy as JSON" }).click();
  await until(async () => {
    const copied = JSON.parse(String(await page.evaluate("navigator.clipboard.readText()")));
    assert.equal(copied["prompt"], "{question}");
  });
  await shows(page, "#run .toast", "Copied");
  await page.locator("#run button", { hasText: "stet explain" }).click();
  await until(async () => {
    const copied = String(await page.evaluate("navigator.clipboard.readText()"));
    assert.match(
      copied,
      /^stet explain \S+runs\.csv model=claude-sonnet-4 'prompt="\{question\}"' /,
    );
  });
  await page.reload();
  await shows(page, "#run", /prompt\{question\}/);
  await page.keyboard.press("Escape");
  await until(async () => assert.equal(await page.locator("#run").count(), 0));
  assert.deepEqual(choices(page), {});
  await page.locator("#table tbody input").nth(0).click();
  await page.locator("#table tbody input").nth(5).click();
  await page.locator(".runs button", { hasText: "Compare 2" }).click();
  await shows(page, "#compare", /2 runs compared.*question.*Only what differs/);
  assert.equal(await page.locator("#compare th", { hasText: "model" }).count(), 0);
  assertClean(window);
});

test("a run without a param that others have opens itself", options, async (t) => {
  const path = await storeOf(t, [
    { seed: 1, "result.loss": 0.1 },
    { seed: 1, optim: "sgd", "result.loss": 0.2 },
  ]);
  const { page } = await opened(t, path);
  await page.locator("#table tbody button").first().click();
  await shows(page, "#run", /^(?!.*newest of).*loss0\.1/);
});

test("failed and running runs are in the table, by their status", options, async (t) => {
  const rows = sampleRows(2);
  const failures = [0, 1, 2].map((i) => ({
    params: { seed: i, lr: 1, optimizer: "sgd" },
    error: "loss is NaN",
    stack: `Error: loss is NaN\n    at step ${i}`,
    attempt: 1,
    time: new Date(Date.UTC(2026, 10, 1 + i)).toISOString(),
    host: "gpu-03",
  }));
  const path = await writeSample(tempFolder(t), { rows, failures });
  const window = await opened(t, path, { search: "?sort=lr" });
  const { page, sidecar } = window;
  await shows(page, "#range", "1–25 of 25 runs");
  const claimed = await fetch(`${sidecar.url}/v1/claim`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ params: { seed: 9, lr: 1, optimizer: "adam" }, holder: "worker 7" }),
  });
  assert.equal(claimed.status, 200);
  await shows(page, ".states", "All 26✓done 22◥failed 3▶running 1");
  // Those without a result come after those with one, whatever the direction.
  await page.locator("#table th button", { hasText: "loss" }).press("Enter");
  await shows(page, "#range", "1–25 of 26 runs");
  const states = (): Promise<string[]> => page.locator("#table [data-row]").allTextContents();
  await until(async () =>
    assert.deepEqual((await states()).slice(21), ["✓done", "◥failed", "◥failed", "◥failed"])
  );
  await page.locator(".states button", { hasText: "failed" }).press("Enter");
  await shows(page, "#range", "1–3 of 3 runs");
  assert.equal(choices(page)["status"], "failed");
  const first = page.locator("#table [data-row='0']");
  await first.focus();
  await page.keyboard.press("Enter");
  await shows(page, "#run", /Run: failed.*1 attempt.*at step \d.*lr1/);
  await page.keyboard.press("Escape");
  await until(async () => assert.equal(await page.locator("#run").count(), 0));
  assert.equal(await focused(page), "Open run 1, failed");
  await page.locator(".states button", { hasText: "running" }).press("Enter");
  await shows(page, "#range", "1–1 of 1 run");
  await page.locator("#table [data-row='0']").press("Enter");
  await shows(page, "#run", /Run: running.*Running since .*worker 7/);
  await page.reload();
  await shows(page, "#run", /Run: running/);
  await page.goBack();
  await until(async () => assert.equal(await page.locator("#run").count(), 0));
  await page.goBack();
  await shows(page, "#range", "1–3 of 3 runs");

  // A failed run is run again from its drawer, once confirmed.
  await page.locator("#table [data-row='0']").press("Enter");
  await page.locator("#run button", { hasText: "Retry" }).click();
  await page.locator("#confirm-yes").click();
  await until(async () => assert.equal(await page.locator("dialog").count(), 0));
  await shows(page, "#range", "1–2 of 2 runs");
  assertClean(window);
});

test("a range is dragged along an axis, or chosen by arrows", options, async (t) => {
  const window = await opened(t, await storeOf(t, sampleRows(10)));
  const { page } = window;
  const axis = page.locator("[aria-label=lr][role=slider]");
  await until(async () => assert.equal(await axis.count(), 1));
  await axis.scrollIntoViewIfNeeded();
  const box = (await axis.boundingBox())!;
  const drag = async (from: number, to: number): Promise<void> => {
    const x = box.x + box.width / 2;
    await page.mouse.move(x, box.y + box.height * from);
    await page.mouse.down();
    await page.mouse.move(x, box.y + box.height * to);
    await page.mouse.up();
  };
  await drag(0.2, 0.8); // 1 is at the top, 0.001 at the bottom
  await showsChips(page, ["lr >= 0.01 and lr <= 0.1"]);
  await shows(page, "#range", "1–25 of 60 runs that match");
  await axis.focus();
  for (const key of ["ArrowDown", "Enter"]) await page.keyboard.press(key);
  await showsChips(page, ["lr = 0.1"]);
  await page.goBack();
  await showsChips(page, ["lr >= 0.01 and lr <= 0.1"]);
  const other = page.locator("[aria-label=optimizer][role=slider]");
  await until(async () => assert.equal(await other.getAttribute("aria-valuemax"), "2"));
  await other.focus();
  for (const key of ["ArrowUp", "Shift+ArrowUp"]) await page.keyboard.press(key);
  assert.equal(await other.getAttribute("aria-valuetext"), "adam to it's <i>");
  await page.keyboard.press("Escape"); // the range, and not the last filter
  assert.equal(await other.getAttribute("aria-valuetext"), "all values");
  for (const key of ["ArrowUp", "Shift+ArrowUp", "Enter"]) await page.keyboard.press(key);
  await showsChips(page, ["lr >= 0.01 and lr <= 0.1", "optimizer in ('adam', 'it''s <i>')"]);
  assert.equal(await focused(page), "optimizer");
  await page.keyboard.press("Delete");
  await showsChips(page, ["lr >= 0.01 and lr <= 0.1"]);
  await page.locator(".filter .chip button").click();
  await showsChips(page, []);
  await shows(page, "#range", "1–25 of 110 runs");
  assertClean(window);
});

test("Back and Forward lead through ten choices", options, async (t) => {
  const window = await opened(t, await writeSample(tempFolder(t), samples["train"]!()));
  const { page } = window;
  await shows(page, ".sentence", /with loss/);
  const steps: readonly (() => Promise<unknown>)[] = [
    async () => {
      await page.locator("#metric").selectOption("result.accuracy");
      await shows(page, ".turn", "↑ higher is better"); // the direction that is turned is the one shown
    },
    () => page.locator(".turn").press("Enter"),
    () => page.locator("#heat-x").selectOption("batch"),
    () => page.locator("#heat-agg").selectOption("best"),
    // By keys: places move while figures are drawn.
    () => page.locator(".best tbody button").first().press("Enter"),
    () => page.locator("#table th button", { hasText: "seed" }).press("Enter"),
    () => page.locator("#next").press("Enter"),
    () => page.locator("#table [data-row='1']").press("Enter"),
    () => page.keyboard.press("Escape"),
    () => page.keyboard.press("Escape"),
  ];
  const places = [page.url()];
  for (const step of steps) {
    await step();
    await until(() => assert.notEqual(page.url(), places.at(-1)));
    places.push(page.url());
    // The page has drawn the choice: the next step acts on what it shows.
    const { run, page: number = "0", where } = choices(page);
    await until(async () => {
      assert.equal(await page.locator("#run").count(), run ? 1 : 0);
      assert.match(await text(page, "#range"), new RegExp(`^${Number(number) * 25 + 1}–`));
      assert.equal((await chips(page)).length > 0, where !== undefined);
    });
  }
  assert.equal(new Set(places).size, 10); // the drawer was closed to the place before it
  for (const place of places.toReversed().slice(1)) {
    await page.goBack();
    await until(() => assert.equal(page.url(), place));
  }
  await shows(page, ".sentence", /with loss/);
  assert.equal(await page.locator("#run").count(), 0);
  for (const place of places.slice(1)) {
    await page.goForward();
    await until(() => assert.equal(page.url(), place));
  }
  await shows(page, ".sentence", /with accuracy/);
  await shows(page, ".turn", "↓ lower is better");
  await shows(page, ".heat h2", /^best of accuracy by batch/);
  assertClean(window);
});

test("keys act on the page, and a link is copied", options, async (t) => {
  const window = await opened(t, await storeOf(t, sampleRows(5)));
  const { page } = window;
  await shows(page, "#range", "1–25 of 55 runs");
  await page.keyboard.press("m");
  assert.equal(await focused(page), "metric");
  await page.locator("#runs").focus();
  await page.keyboard.press("?");
  await shows(page, "#help", /filter.*next and previous run.*pause.*on an axis/);
  await page.keyboard.press("p"); // no key acts behind a dialog
  await page.keyboard.press("Escape");
  await until(async () => assert.equal(await page.locator("#help").count(), 0));
  await shows(page, ".live", "live");
  for (const key of ["j", "j", "k"]) await page.keyboard.press(key);
  assert.match(await focused(page), /^Open run 1,/);
  await page.locator("#metric").selectOption("took");
  await page.locator(".switches button", { hasText: "Copy link" }).click();
  await shows(page, ".toast", "Copied");
  assert.equal(await page.evaluate("navigator.clipboard.readText()"), page.url());
  assertClean(window);
});

test("a problem is shown for as long as there is one", options, async (t) => {
  const path = await storeOf(t, sampleRows(5));
  const window = await opened(t, path, { search: "?sort=nothing&status=some&page=x" });
  const { page } = window;
  await shows(page, ".toast", /status|page/);
  await shows(page, "#range", "1–25 of 55 runs");
  assert.deepEqual(choices(page), {});
  let isBroken = true;
  await page.route("**/v1/runs?*", async (route) => {
    if (isBroken) await route.fulfill({ status: 500, body: JSON.stringify({ detail: "No rows" }) });
    else await route.continue();
  });
  await page.locator("#table th button", { hasText: "seed" }).press("Enter");
  await shows(page, "#problem", "No rows");
  isBroken = false;
  await page.locator("#table th button", { hasText: "lr" }).press("Enter");
  await until(async () => assert.equal(await page.locator("#problem").count(), 0));
  const errors = window.errors.filter((error) => !/status of (?:400|500)/.test(error));
  assertClean({ ...window, errors });
});

test("a request that the network loses is sent again", options, async (t) => {
  const window = await opened(t, await storeOf(t, sampleRows(5)));
  const { page } = window;
  await shows(page, ".live", "live");
  await shows(page, "#range", "1–25 of 55 runs");
  const lost = new Set<string>();
  await page.route("**/v1/*?*", async (route) => {
    const { pathname } = new URL(route.request().url());
    if (lost.has(pathname)) return await route.continue();
    lost.add(pathname);
    await route.abort();
  });
  await page.locator("#metric").selectOption("took");
  await shows(page, ".sentence", /with took/);
  await page.locator("#next").press("Enter");
  await shows(page, "#range", "26–50 of 55 runs");
  await page.locator("#table [data-row='0']").press("Enter");
  await shows(page, "#run", /Run: done/);
  assert.deepEqual([...lost], ["/v1/view", "/v1/runs", "/v1/run"]);
  assertClean({ ...window, errors: window.errors.filter((error) => !/ERR_FAILED/.test(error)) });
});

test("a hidden tab has no stream, and is new once it is seen", options, async (t) => {
  const path = await storeOf(t, sampleRows(2));
  const window = await opened(t, path);
  const { page } = window;
  await shows(page, ".live", "live");
  const hide = (isHidden: boolean): Promise<unknown> =>
    page.evaluate(
      `Object.defineProperty(document, "hidden", { value: ${isHidden}, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"))`,
    );
  await hide(true);
  await until(() => assert.equal(window.streams(), 0));
  await record(path, { seed: 99, lr: 0.1, optimizer: "adam", "result.loss": 0.1 });
  assert.match(await text(page, ".line"), /^22 /);
  await hide(false);
  await shows(page, ".line", /^23 /);
  await until(() => assert.equal(window.streams(), 1));
  assertClean(window);
});

test("outputs are set side by side, with their different words marked", options, async (t) => {
  const rows = ["a", "b"].map((model) => ({
    model,
    prompt: "one",
    "result.text": `The answer is ${model}, of course.`,
    "result.score": model === "a" ? 1 : 0,
  }));
  const more = rows.map((row) => ({ ...row, prompt: "two" }));
  const window = await opened(t, await storeOf(t, [...rows, ...more]));
  const { page } = window;
  await shows(page, ".evals", /The answer is a, of course/);
  await page.locator(".evals label", { hasText: "side by side" }).locator("select").selectOption(
    "0",
  );
  await page.locator(".evals .picker select").nth(3).selectOption("1");
  await until(async () =>
    assert.deepEqual(
      (await page.locator(".evals mark").allTextContents()).map((each) => each.trim()).sort(),
      ["a,", "a,", "b,", "b,"],
    )
  );
  assertClean(window);
});

test("a figure is one tab stop, and keeps the focus while rows arrive", options, async (t) => {
  const path = await storeOf(t, sampleRows(5));
  const window = await opened(t, path);
  const { page } = window;
  await until(async () => assert(await page.locator(".heat .cell").count() > 0));
  assert.equal(await page.locator(".heat svg [tabindex='0']").count(), 1);
  await page.locator(".heat svg [tabindex='0']").focus();
  const first = await focused(page);
  await page.keyboard.press("ArrowRight");
  const second = await focused(page);
  assert.notEqual(second, first);
  const place = second.split(":")[0]!;
  await shows(page, ".heat .tip", new RegExp(`^${RegExp.escape(place)}`));
  await record(path, { ...sampleRows(1)[0]!, seed: 99 });
  await shows(page, ".line", /^56 /);
  assert.equal((await focused(page)).split(":")[0], place);
  assert.equal(await page.locator(".heat svg [tabindex='0']").count(), 1);
  await page.keyboard.press("Enter");
  await until(async () => assert((await chips(page)).length > 0));
  assertClean(window);
});

test("a late answer does not overwrite a newer choice", options, async (t) => {
  const window = await opened(t, await storeOf(t, samples["train"]!().rows.slice(0, 500)));
  const { page } = window;
  await shows(page, ".sentence", /with loss/);
  const held: Route[] = [];
  await page.route("**/v1/view?*metric=result.accuracy*", async (route) => {
    held.push(route);
  });
  await page.locator("#metric").selectOption("result.accuracy");
  await until(() => assert.equal(held.length, 1));
  await page.locator("#metric").selectOption("took");
  await shows(page, ".sentence", /with took/);
  await held[0]!.continue().catch(() => undefined); // the page has given it up
  await page.locator("#heat-agg").selectOption("median");
  await until(async () =>
    assert.equal(await page.locator(".heat h2", { hasText: "median" }).count(), 1)
  );
  assert.match(await text(page, ".sentence"), /with took/);
  assertClean(window);
});

test("a late page of the table does not overwrite a newer one", options, async (t) => {
  const window = await opened(t, await storeOf(t, sampleRows(9)));
  const { page } = window;
  await shows(page, "#range", "1–25 of 99 runs");
  const held: Route[] = [];
  await page.route("**/v1/runs?*offset=25*", async (route) => void held.push(route));
  await page.locator("#next").press("Enter");
  await until(() => assert.equal(held.length, 1));
  await page.locator("#last").press("Enter");
  await shows(page, "#range", "76–99 of 99 runs");
  await held[0]!.continue().catch(() => undefined); // the page has given it up
  await page.locator("#table th button", { hasText: "took" }).press("Enter");
  await shows(page, "#range", "1–25 of 99 runs");
  assertClean(window);
});

test("a paused page counts new runs, and shows them when asked", options, async (t) => {
  const path = await storeOf(t, sampleRows(2));
  const window = await opened(t, path);
  const { page } = window;
  await shows(page, ".live", "live");
  await shows(page, ".line", /^22 /);
  await page.keyboard.press("p");
  await shows(page, ".live", "paused");
  await record(path, { seed: 99, lr: 0.1, optimizer: "adam", "result.loss": 0.1 });
  await shows(page, ".fresh", "1 new run");
  assert.match(await text(page, ".line"), /^22 /);
  await page.locator(".fresh").click();
  await shows(page, ".line", /^23 /);
  await page.keyboard.press("p");
  await shows(page, ".live", "live");
  assertClean(window);
});

test("the windows of a browser share one stream of events", options, async (t) => {
  const path = await storeOf(t, sampleRows(2));
  const window = await opened(t, path);
  const { page } = window;
  await shows(page, ".live", "live");
  const others: Page[] = [];
  for (let i = 0; i < 6; i++) {
    const other = await window.another();
    await other.goto(window.sidecar.url);
    await shows(other, ".live", "live");
    others.push(other);
  }
  assert.equal(window.streams(), 1);
  await record(path, { seed: 99, lr: 0.1, optimizer: "adam", "result.loss": 0.1 });
  for (const each of [page, ...others]) await shows(each, ".line", /^23 /);
  // Another one takes over.
  await page.close();
  await until(() => assert.equal(window.streams(), 1));
  await record(path, { seed: 100, lr: 0.1, optimizer: "adam", "result.loss": 0.1 });
  for (const each of others) await shows(each, ".line", /^24 /);
  assertClean(window);
});

test("the page asks for the token, keeps it, and takes it from the address", options, async (t) => {
  const path = await storeOf(t, sampleRows(2));
  const window = await opened(t, path, { token: "open sesame" });
  const { page, sidecar } = window;
  const isAsked = (): Promise<boolean> => page.locator("#ask").isVisible();
  await until(async () => assert(await isAsked()));
  assert.match(await text(page, ".line"), /Reading/);
  await page.keyboard.press("Escape");
  assert(await isAsked());
  await page.locator("#token").fill("wrong");
  await page.keyboard.press("Enter");
  await until(async () => {
    assert(await isAsked());
    assert.match(await text(page, "#ask-error"), /another/);
  });
  await page.locator("#token").fill("open sesame");
  await page.keyboard.press("Enter");
  await shows(page, ".line", /^22 /);
  await shows(page, ".live", "live");
  assert.equal(await page.locator("#ask").count(), 0);
  await page.reload();
  await shows(page, ".line", /^22 /);
  assert.deepEqual([...window.hosts], [new URL(sidecar.url).host]);

  const other = await openWindow();
  t.after(() => other.close());
  await other.page.goto(`${sidecar.url}/?metric=took#token=open%20sesame`);
  await shows(other.page, ".line", /^22 /);
  assert.equal(other.page.url(), `${sidecar.url}/?metric=took`);
  assertClean({ ...other, sidecar });
});

test("the page says that the sidecar is gone, and goes on when it is back", options, async (t) => {
  const path = await storeOf(t, sampleRows(2));
  const window = await opened(t, path);
  const { page } = window;
  await shows(page, ".live", "live");
  const { port } = window.sidecar;
  await window.sidecar.stop("SIGKILL");
  await shows(page, ".live", "disconnected");
  await shows(page, "#problem", /cannot be reached/);
  await record(path, { seed: 99, lr: 0.1, optimizer: "adam" });
  const again = await startSidecar(anyRuntime!, path, { port });
  t.after(() => again.stop("SIGKILL"));
  await shows(page, ".live", "live");
  await shows(page, ".line", /^23 /);
  await until(async () => assert.equal(await page.locator("#problem").count(), 0));
});

test("a silent sidecar makes the page stale", options, async (t) => {
  const path = await storeOf(t, sampleRows(2));
  const sidecar = await startSidecar(anyRuntime!, path);
  t.after(() => sidecar.stop("SIGKILL"));
  const window = await openWindow();
  t.after(() => window.close());
  const { page } = window;
  await page.clock.install();
  await page.goto(sidecar.url);
  await shows(page, ".live", "live");
  sidecar.freeze();
  await page.clock.fastForward(25_000);
  await shows(page, ".live", "stale");
  await shows(page, "#problem", /Nothing was heard/);
});

test("an empty store has a page that fills with the first row", options, async (t) => {
  for (const path of [tempStore(t), writeHeaderOnly(tempFolder(t))]) {
    const window = await opened(t, path);
    const { page } = window;
    await shows(page, "#empty", /stet run/);
    await record(path, { lr: 0.1, batch: 8, seed: 1, "result.loss": 0.5 });
    await shows(page, "main", /The only run.*loss0\.5/);
    await record(path, { lr: 0.2, batch: 8, seed: 1, "result.loss": 0.4 });
    await shows(page, "#range", "1–2 of 2 runs");
    assertClean(window);
    await window.close();
    await window.sidecar.stop();
  }
});

test("an action says how many runs it is about, and does it once confirmed", options, async (t) => {
  const path = await writeSample(tempFolder(t), samples["allFailed"]!());
  const window = await opened(t, path);
  const { page } = window;
  await shows(page, ".line", /12 failed/);
  await page.locator(".failures button", { hasText: "Forget all" }).click();
  await shows(page, "#confirm", /12 failures will be forgotten/);
  await page.keyboard.press("Escape");
  await until(async () => assert.equal(await page.locator("#confirm").count(), 0));
  assert.match(await text(page, ".line"), /12 failed/);
  await page.locator(".failures button", { hasText: "Forget all" }).click();
  await page.locator("#confirm-yes").click();
  await until(async () => assert.equal(await page.locator(".failures").count(), 0));
  assertClean(window);
});

test("rows and figures are downloaded", options, async (t) => {
  const window = await opened(t, await storeOf(t, sampleRows(3)), { search: "?where=lr+%3D+0.1" });
  const { page } = window;
  await shows(page, "#range", "1–9 of 9 runs that match");
  const saved = async (part: string, label: string): Promise<readonly [string, Uint8Array]> => {
    await page.locator(`${part} .menu summary`).first().click();
    const download = page.waitForEvent("download");
    await page.locator(`${part} .menu .choices button`, { hasText: label }).first().click();
    const file = await download;
    return [file.suggestedFilename(), readFileSync(await file.path())];
  };
  const [name, csv] = await saved(".top", "CSV");
  assert.equal(name, "runs.csv");
  assert.equal(new TextDecoder().decode(csv).trim().split("\n").length, 10);
  const [svgName, svg] = await saved(".time", "SVG");
  assert.equal(svgName, "over-time.svg");
  assert.match(new TextDecoder().decode(svg), /^<svg[^]*<\/svg>$/);
  assert.doesNotMatch(new TextDecoder().decode(svg), /var\(/);
  const [, png] = await saved(".time", "PNG");
  assert.deepEqual([...png.subarray(0, 4)], [0x89, 0x50, 0x4e, 0x47]);
  assertClean(window);
});

test(
  "every sample is drawn without faults of accessibility, in light and dark, at any width",
  options,
  async (t) => {
    const shots = process.env["STET_SHOTS"]; // a folder for pictures that a person looks at
    const window = await openWindow();
    t.after(() => window.close());
    const { page, errors } = window;
    for (const [name, make] of Object.entries(samples)) {
      const store = await writeSample(tempFolder(t), make());
      const sidecar = await serve({ store, port: 0, durability: "process" });
      try {
        await page.goto(sidecar.url);
        await shows(page, ".live", "live");
        await until(async () =>
          assert(
            await page.evaluate("performance.getEntriesByName('stet-drawn').length") as number > 0,
          )
        );
        for (const width of [320, 390, 2560, 1280]) {
          await page.setViewportSize({ width, height: 900 });
          const wider =
            "document.documentElement.scrollWidth - document.documentElement.clientWidth";
          assert.equal(await page.evaluate(wider), 0, `${name} at ${width} px`);
          for (const colorScheme of shots ? ["light", "dark"] as const : []) {
            await page.emulateMedia({ colorScheme });
            const picture = join(shots!, `${name}-${width}-${colorScheme}.png`);
            await page.screenshot({ path: picture, fullPage: true });
          }
        }
        await assertAccessible(page, name);
        // Nothing of a store is markup.
        assert.equal(
          await page.locator("#page img, #page script, main b i, .sentence b b").count(),
          0,
        );
      } finally {
        await page.goto("about:blank");
        await sidecar.close();
      }
    }
    assert.deepEqual(errors, []);
  },
);

test("dialogs and what unfolds have no faults of accessibility", options, async (t) => {
  const { rows, failures } = trainSample();
  const path = await writeSample(tempFolder(t), { rows: rows.slice(0, 300), failures });
  const window = await opened(t, path);
  const { page } = window;
  const gone = (): Promise<void> =>
    until(async () => assert.equal(await page.locator("dialog").count(), 0));
  await shows(page, ".states", /failed 430/);
  for (const unfold of [".failures summary", ".failed-runs summary"]) {
    await page.locator(unfold).first().press("Enter");
  }
  await shows(page, ".failed-runs pre", /NaN/);
  await assertAccessible(page, "a failure");
  for (const [name, state] of [["a run", "done"], ["a failed run", "failed"]] as const) {
    await page.locator(".states button", { hasText: state }).press("Enter");
    await until(async () => assert.match(await text(page, "#table [data-row]"), RegExp(state)));
    await page.locator("#table [data-row]").first().press("Enter");
    await shows(page, "#run", RegExp(`Run: ${state}`));
    await assertAccessible(page, name);
    await page.keyboard.press("Escape");
    await gone();
  }
  for (const i of [0, 1]) await page.locator("#table tbody input").nth(i).press("Space");
  await page.locator(".runs button", { hasText: "Compare 2" }).press("Enter");
  await shows(page, "#compare", /2 runs compared/);
  await assertAccessible(page, "runs compared");
  await page.keyboard.press("Escape");
  await gone();
  await page.locator(".runs .menu summary").press("Enter");
  await assertAccessible(page, "columns");
  await page.keyboard.press("Escape");
  await page.locator(".failures button", { hasText: "Retry all" }).press("Enter");
  await shows(page, "#confirm", /430 failed runs/);
  await assertAccessible(page, "a confirmation");
  await page.keyboard.press("Escape");
  await gone();
  await page.locator(".switches button[aria-label='Keys and help']").press("Enter");
  await shows(page, "#help", /Keys/);
  await assertAccessible(page, "help");
  assertClean(window);
});
