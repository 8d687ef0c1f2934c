import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { after, test, type TestContext } from "node:test";
import { openBackend } from "../../mod.ts";
import type { Row } from "../../core/values/value.ts";
import { numberText } from "../../server/dashboard/format.js";
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
import { learnRates, optimizers, sampleRows } from "../dashboard/sample.ts";
import { type Runtime, runtimes } from "../runtimes.ts";
import { tempStore } from "../temp_folder.ts";

const options = { skip: reason };
after(closeBrowser);
const servers = runtimes.filter(({ name }) => name !== "node");
const [anyRuntime] = servers.length > 0 ? servers : runtimes;

/** A store with these rows. */
async function storeOf(t: TestContext, rows: readonly Row[]): Promise<string> {
  const path = tempStore(t);
  const backend = await openBackend(path, { durability: "process" });
  for (const row of rows) await backend.record(row);
  await backend.close();
  return path;
}

/** A window at the page of a store; both end with the test. */
async function opened(
  t: TestContext,
  runtime: Runtime,
  path: string,
  how: Parameters<typeof openWindow>[0] & { readonly token?: string } = {},
): Promise<Window & { readonly sidecar: Served }> {
  const sidecar = await startSidecar(runtime, path, how);
  t.after(() => sidecar.stop("SIGKILL"));
  const window = await openWindow(how);
  t.after(() => window.close());
  await window.page.goto(sidecar.url);
  return { ...window, sidecar };
}

/** The texts of a column of the table that is shown. */
async function columnTexts({ page }: Window, number: number): Promise<string[]> {
  return await page.locator(`#table tbody td:nth-child(${number})`).allTextContents();
}

async function text({ page }: Window, id: string): Promise<string> {
  return (await page.locator(`#${id}`).textContent() ?? "").trim();
}

async function range(window: Window, expected: string): Promise<void> {
  await until(async () => assert.equal(await text(window, "range"), expected));
}

/** Nothing went wrong in the window, and nobody but the sidecar was asked for anything. */
function assertClean({ errors, hosts, sidecar }: Window & { readonly sidecar: Served }): void {
  assert.deepEqual(errors, []);
  assert.deepEqual([...hosts], [new URL(sidecar.url).host]);
}

for (const runtime of servers) {
  test(
    `a running sweep moves the page without a reload (sidecar on ${runtime.name})`,
    options,
    async (t) => {
      const path = await storeOf(t, sampleRows(4));
      const window = await opened(t, runtime, path);
      const { page } = window;
      await until(async () => assert.equal(await text(window, "tile-done"), "44"));
      assert.equal(await text(window, "store"), "runs.csv");
      await until(async () => assert.equal(await text(window, "live"), "live"));
      await page.evaluate("window.isSame = true");

      const sweep = startSweep(runtime, path, 4, 8);
      t.after(() => sweep.stop());
      await until(async () => assert.match(await text(window, "now-list"), /lr=.*process \d+/s));
      await until(async () => assert.match(await text(window, "failures-list"), /sgd/));
      let last = 44;
      await until(async () => {
        const done = Number(await text(window, "tile-done"));
        assert(done >= last, "what is done does not become less");
        last = done;
        assert.equal(done, 99);
      });
      await sweep.ended;
      await range(window, "1–25 of 99");
      await until(async () => assert.equal(await text(window, "now-list"), "Nothing is claimed."));
      // Each part of the page is asked for by a request of its own.
      await until(async () => {
        assert.equal(await text(window, "tile-failed"), "5");
        assert.equal(await text(window, "of"), "99 of 108 done");
        assert.equal(await page.locator("#failures-list details").count(), 5);
      });

      // Errors are text, whatever is in them, and unfold with their stacks.
      const failure = page.locator("#failures-list details").first();
      assert.match(
        await failure.locator(".why").textContent() ?? "",
        /<b onclick=alert\(1\)>at<\/b>/,
      );
      await failure.locator("summary").focus();
      await page.keyboard.press("Enter");
      assert.match(await failure.locator("pre").textContent() ?? "", /RangeError[^]*sweep\.ts/);
      assert.equal(await page.locator("#failures-list b, table i, .map i").count(), 0);

      assert.equal(await page.evaluate("window.isSame"), true);
      await window.sidecar.stop();
      assertClean({ ...window, errors: window.errors.filter((error) => !/ERR_/.test(error)) });
    },
  );
}

test("the heat map's cells are the means of the rows", options, async (t) => {
  const rows = sampleRows(6);
  const window = await opened(t, anyRuntime!, await storeOf(t, rows));
  const { page } = window;
  for (const color of ["result.loss", "duration", "done"]) {
    for (const [x, y] of [["lr", "optimizer"], ["seed", "lr"], ["optimizer", ""]] as const) {
      await page.locator("#heat-color").selectOption(color);
      await page.locator("#heat-x").selectOption(x);
      await page.locator("#heat-y").selectOption(y);
      const expected = expectedCells(rows, x, y, color);
      await until(async () => {
        const labels = await page.locator(".cell").evaluateAll((cells) =>
          (cells as { ariaLabel: string | null }[]).map(({ ariaLabel }) => ariaLabel)
        );
        assert.deepEqual(labels.filter((label) => !/nothing$/.test(label ?? "")).sort(), expected);
      });
    }
  }
  assertClean(window);
});

/** What the cells of a heat map say, computed from the rows. */
function expectedCells(rows: readonly Row[], x: string, y: string, color: string): string[] {
  const cells = new Map<string, number[]>();
  for (const row of rows) {
    const place = [x, ...y === "" ? [] : [y]].map((name) => `${name} = ${row[name]}`).join(", ");
    const value = color === "done" ? 1 : row[color === "duration" ? "_stet_elapsed" : color];
    const values = cells.get(place) ?? [];
    values.push(value as number);
    cells.set(place, values);
  }
  const distinct = (name: string): number => new Set(rows.map((row) => row[name])).size;
  const all = ["seed", "lr", "optimizer"].reduce((product, name) => product * distinct(name), 1);
  const each = all / (distinct(x) * (y === "" ? 1 : distinct(y)));
  return [...cells].map(([place, values]) => {
    const { length } = values;
    if (color === "done") return `${place}: ${length} of ${each} done`;
    // SQLite sums in the order of rows, as this does.
    const mean = values.reduce((sum, each) => sum + each, 0) / length;
    const unit = color === "duration" ? "s" : "";
    const shown = (number: number): string =>
      color === "duration" ? `${Math.round(number * 10) / 10}${unit}` : numberText(number);
    const of = length === 1
      ? ""
      : `, the mean of ${length} from ${shown(Math.min(...values))} to ${
        shown(Math.max(...values))
      }`;
    return `${place}: ${color.replace("result.", "")} ${shown(mean)}${of}`;
  }).sort();
}

test("the table is filtered, sorted and paged", options, async (t) => {
  const rows = sampleRows(10);
  const window = await opened(t, anyRuntime!, await storeOf(t, rows));
  const { page } = window;
  await range(window, "1–25 of 110");
  const newest = rows.toReversed().map(({ lr }) => numberText(lr as number));
  assert.deepEqual(await columnTexts(window, 2), newest.slice(0, 25));

  await page.locator("#next").click();
  await range(window, "26–50 of 110");
  assert.deepEqual(await columnTexts(window, 2), newest.slice(25, 50));
  await page.locator("#last").click();
  await range(window, "101–110 of 110");
  assert.deepEqual(await columnTexts(window, 2), newest.slice(100));
  assert(await page.locator("#next").isDisabled());
  await page.locator("#first").click();

  await page.locator("th button", { hasText: "loss" }).click();
  const losses = rows.map((row) => row["result.loss"] as number).sort((a, b) => a - b);
  await until(async () =>
    assert.deepEqual(await columnTexts(window, 4), losses.slice(0, 25).map(numberText))
  );
  await page.locator("th button", { hasText: "loss" }).press("Enter");
  await until(async () =>
    assert.deepEqual(await columnTexts(window, 4), losses.toReversed().slice(0, 25).map(numberText))
  );
  assert.equal(await page.locator("th[aria-sort=descending]").textContent(), "loss");

  await page.locator("#where").fill("lr >= 0.1 and optimizer = 'it''s <i>'");
  await page.locator("#where").press("Enter");
  await range(window, "1–20 of 20 that match");
  assert.deepEqual(new Set(await columnTexts(window, 3)), new Set(["it's <i>"]));
  await page.locator("#where").fill("lr >");
  await page.locator("#filter button[type=submit]").click();
  await until(async () => assert.match(await text(window, "where-error"), /at character 5/));
  await page.locator("#where").press("Escape");
  await range(window, "1–25 of 110");
  assert.equal(await text(window, "where-error"), "");

  // A condition that cannot be read is a request that was wrong, which Chromium logs.
  const errors = window.errors.filter((error) => !/status of 400/.test(error));
  assertClean({ ...window, errors });
});

test("the heat map is used by keyboard: arrows go, Enter selects its runs", options, async (t) => {
  const rows = sampleRows(5);
  const window = await opened(t, anyRuntime!, await storeOf(t, rows));
  const { page } = window;
  await page.locator("#heat-x").selectOption("lr");
  await page.locator("#heat-y").selectOption("optimizer");
  const count = learnRates.length * optimizers.length;
  await until(async () => assert.equal(await page.locator(".cell").count(), count));
  await page.locator("#heat-y").focus();
  await page.keyboard.press("Tab");
  await until(async () => assert.match(await text(window, "heat-readout"), /^lr = 0.001, /));
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("End");
  await page.keyboard.press("ArrowLeft");
  await until(async () =>
    assert.match(await text(window, "heat-readout"), /^lr = 0.1, optimizer = it's <i>: loss /)
  );
  await page.keyboard.press("Enter");
  await range(window, "1–5 of 5 that match");
  assert.equal(
    await page.locator("#where").inputValue(),
    `"lr" = 0.1 and "optimizer" = 'it''s <i>'`,
  );
  assertClean(window);
});

test("the page asks for the token, keeps it, and takes it from the address", options, async (t) => {
  const path = await storeOf(t, sampleRows(2));
  const window = await opened(t, anyRuntime!, path, { token: "open sesame" });
  const { page, sidecar } = window;
  const isAsked = (): Promise<boolean> => page.locator("#ask").isVisible();
  await until(async () => assert(await isAsked()));
  assert.equal(await text(window, "tile-done"), "–");
  await page.keyboard.press("Escape");
  assert(await isAsked());
  await page.locator("#token").fill("wrong");
  await page.keyboard.press("Enter");
  await until(async () => {
    assert(await isAsked());
    assert.match(await text(window, "ask-error"), /another/);
  });
  await page.locator("#token").fill("open sesame");
  await page.keyboard.press("Enter");
  await until(async () => assert.equal(await text(window, "tile-done"), "22"));
  await until(async () => assert.equal(await text(window, "live"), "live"));
  assert(!await isAsked());
  await page.reload();
  await until(async () => assert.equal(await text(window, "tile-done"), "22"));
  assert.deepEqual([...window.hosts], [new URL(sidecar.url).host]);

  const other = await openWindow();
  t.after(() => other.close());
  await other.page.goto(`${sidecar.url}/#token=open%20sesame`);
  await until(async () => assert.equal(await text(other, "tile-done"), "22"));
  assert.equal(other.page.url(), `${sidecar.url}/`);
  assertClean({ ...other, sidecar });
});

test("the page says that the sidecar is gone, and goes on when it is back", options, async (t) => {
  const path = await storeOf(t, sampleRows(2));
  const window = await opened(t, anyRuntime!, path);
  await until(async () => assert.equal(await text(window, "live"), "live"));
  const { port } = window.sidecar;
  await window.sidecar.stop("SIGKILL");
  await until(async () => assert.equal(await text(window, "live"), "disconnected"));
  assert.match(await text(window, "problem"), /cannot be reached/);
  const backend = await openBackend(path, { durability: "process" });
  await backend.record({ seed: 99, lr: 0.1, optimizer: "adam" });
  await backend.close();
  const again = await startSidecar(anyRuntime!, path, { port });
  t.after(() => again.stop("SIGKILL"));
  await until(async () => assert.equal(await text(window, "live"), "live"));
  await until(async () => assert.equal(await text(window, "tile-done"), "23"));
  assert(await window.page.locator("#problem").isHidden());
});

test("an empty store has a page that fills with the first row", options, async (t) => {
  const path = tempStore(t);
  const window = await opened(t, anyRuntime!, path);
  await until(async () => assert(await window.page.locator("#empty").isVisible()));
  assert(await window.page.locator(".heat").isHidden());
  const backend = await openBackend(path, { durability: "process" });
  await backend.record({ seed: 1 });
  await backend.close();
  await until(async () => assert(await window.page.locator("#empty").isHidden()));
  await range(window, "1–1 of 1");
  assertClean(window);
});

for (const runtime of servers) {
  test(`the page of 100,000 rows is drawn (sidecar on ${runtime.name})`, options, async (t) => {
    const path = tempStore(t);
    const lines = ["lr,optimizer,seed,result.loss,_stet_elapsed,_stet_timestamp"];
    const start = Date.UTC(2026, 10, 21);
    for (let i = 0; i < 100_000; i++) {
      const time = new Date(start + i * 500).toISOString();
      lines.push(
        `${i % 25 / 100},${["adam", "sgd"][i % 2]},${i / 50 | 0},${i % 997 / 997},${
          i % 61
        },${time}`,
      );
    }
    writeFileSync(path, lines.join("\n") + "\n");
    const window = await opened(t, runtime, path);
    const drawn = 'performance.getEntriesByName("stet-drawn")[0]?.startTime';
    await until(async () => assert(await window.page.evaluate(drawn) as number > 0));
    const cold = await window.page.evaluate(drawn) as number;
    assert.equal(await text(window, "tile-done"), "100,000");
    await range(window, "1–25 of 100,000");
    await window.page.reload();
    await until(async () => assert(await window.page.evaluate(drawn) as number > 0));
    const warm = await window.page.evaluate(drawn) as number;
    t.diagnostic(
      `100,000 rows are drawn after ${Math.round(cold)} ms, again after ${Math.round(warm)} ms`,
    );
    assertClean(window);
  });
}

test("nothing on the page is wider than the screen, in light and in dark", options, async (t) => {
  const path = await storeOf(t, sampleRows(20));
  const sweep = startSweep(anyRuntime!, path, 20, 2000);
  t.after(() => sweep.stop());
  const sidecar = await startSidecar(anyRuntime!, path);
  t.after(() => sidecar.stop("SIGKILL"));
  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of [1280, 390]) {
      const window = await openWindow({ width, colorScheme });
      t.after(() => window.close());
      const { page } = window;
      await page.goto(sidecar.url);
      await until(async () => assert.match(await text(window, "now-list"), /process \d+/));
      await until(async () => assert(await page.locator(".cell").count() > 0));
      await until(async () => assert.match(await text(window, "failures-list"), /sgd/));
      const wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
      assert.equal(await page.evaluate(wider), 0);
      const shots = process.env["STET_SHOTS"]; // a folder for pictures that a person looks at
      if (shots) {
        const picture = join(shots, `dashboard-${colorScheme}-${width}.png`);
        await page.screenshot({ path: picture, fullPage: true });
      }
      await window.close();
    }
  }
  sweep.stop();
  await sweep.ended;
  await sidecar.stop();
});
