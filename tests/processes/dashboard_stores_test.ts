/** The page over stores that come, go, are damaged, or are shared by machines. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { expandGrid, once, range, sweep } from "../../mod.ts";
import { closeBrowser, openWindow, reason, startSidecar, until } from "../dashboard/browser.ts";
import type { Page } from "../dashboard/playwright.ts";
import { demoSample, writeSample } from "../figures/samples.ts";
import { postgresSkip } from "../postgres/programs.ts";
import { startServer } from "../postgres/server.ts";
import { runtimes } from "../runtimes.ts";
import { tempFolder } from "../temp_folder.ts";

const options = { skip: reason };
after(closeBrowser);
const [anyRuntime] = runtimes;

/** A page of a store. */
async function opened(t: TestContext, store: string): Promise<Page> {
  const sidecar = await startSidecar(anyRuntime!, store);
  t.after(() => sidecar.stop("SIGKILL"));
  const window = await openWindow();
  t.after(() => window.close());
  await window.page.goto(sidecar.url);
  return window.page;
}

/** Waits until the text of an element matches. */
async function shows(page: Page, selector: string, expected: RegExp): Promise<void> {
  await until(async () => {
    const [text = ""] = await page.locator(selector).allTextContents();
    assert.match(text.replace(/\s+/g, " ").trim(), expected);
  });
}

async function isWhole(page: Page): Promise<void> {
  await until(async () => {
    assert.equal(await page.locator("#problem").count(), 0);
    assert.equal(await page.locator("main.old").count(), 0);
  });
  await shows(page, ".line", /^162 of 162 done/);
}

test(
  "a damaged store, and one whose folder is gone, keep their figures until they are back",
  options,
  async (t) => {
    const folder = join(tempFolder(t), "inner");
    const store = join(folder, "runs.csv");
    mkdirSync(folder);
    await writeSample(folder, demoSample());
    const page = await opened(t, store);
    await isWhole(page);
    await page.evaluate("window.isSame = true");

    const whole = readFileSync(store, "utf8");
    const lines = whole.split("\n");
    writeFileSync(store, lines.with(80, '3,"euc"lid').join("\n"));
    await shows(page, "#problem", /^Cannot read ".*runs\.csv" as CSV: line 81: /);
    assert.equal(await page.locator("main.old section.best").count(), 1);
    await shows(page, ".line", /^162 of 162 done/);
    writeFileSync(store, whole);
    await isWhole(page);

    renameSync(folder, `${folder}.moved`);
    await shows(page, "#problem", /its folder is gone/);
    assert.equal(await page.locator("main.old section.best").count(), 1);
    renameSync(`${folder}.moved`, folder);
    await isWhole(page);
    assert.equal(await page.evaluate("window.isSame"), true);
  },
);

test("the shards of a sweep are shown as they get done", options, async (t) => {
  const store = join(tempFolder(t), "runs.db");
  const page = await opened(t, store);
  await shows(page, "main", /Nothing yet/);
  const train = once(({ a }: { a: number }) => {
    if (a === 5) throw new Error("no");
    return a;
  }, { store, save: true, quiet: true });
  for (const index of [0, 1]) {
    const shard = { index, count: 4 };
    await sweep(train, expandGrid({ a: range(0, 15) }), { shard, onError: "continue" }).done;
  }
  await shows(page, ".shards", /^Shards1 of 4 done · 1 with failures · 2 waiting/);
  assert.deepEqual(await page.locator(".shards li").allTextContents(), [
    "0/4: 4 of 4 done",
    "1/4: 3 of 4 done, 1 failed",
    "2/4: 0 of 4 done",
    "3/4: 0 of 4 done",
  ]);
});

test(
  "workers of a cluster that begin after the page was opened are shown",
  { skip: reason || postgresSkip },
  async (t) => {
    const server = await startServer();
    t.after(() => server.end());
    const page = await opened(t, server.url());
    await shows(page, "main", /Nothing yet/);
    const root = fileURLToPath(new URL("../../", import.meta.url));
    const { command, args } = anyRuntime!;
    const program = ["worker", "--store", server.url(), "-j", "1", "--", "echo", "{a}"];
    const worker = spawn(command, [...args, join(root, "cli.ts"), ...program], {
      cwd: tempFolder(t),
      stdio: "ignore",
    });
    t.after(() => worker.kill("SIGKILL"));
    await shows(page, ".workers li", /process \d+: echo ?working, began/);
    await shows(page, ".workers .note", /0 runs wait, 0 are with workers/);
  },
);
