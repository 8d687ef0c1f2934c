/**
 * Writes docs/pictures/dashboard.png, the dashboard of the demo's store in Chromium: `node scripts/dashboard_picture.ts`.
 * It needs the packages of scripts/install_optional.ts. `--dark` is the dark theme; a path writes another file.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { serve } from "../server.ts";
import { loadPlaywright } from "../tests/dashboard/playwright.ts";
import { CHROMIUM } from "./install_optional.ts";

const WIDTH = 1280, HEIGHT = 800;

const root = fileURLToPath(new URL("..", import.meta.url));
const { values, positionals } = parseArgs({
  options: { dark: { type: "boolean", default: false } },
  allowPositionals: true,
});
const path = positionals[0] ?? join(root, "docs/pictures/dashboard.png");

const playwright = await loadPlaywright();
if (!playwright) {
  throw new Error(
    "Cannot draw the dashboard: playwright-core is not installed; run deno task test:all",
  );
}

const folder = mkdtempSync(join(tmpdir(), "stet-picture-"));
try {
  const store = join(folder, "penguins.csv");
  const demo = [join(root, "examples/penguins/demo.ts"), "--store", store];
  const { status } = spawnSync(process.execPath, demo, { cwd: folder, stdio: "inherit" });
  if (status !== 0) throw new Error("Cannot draw the dashboard: the demo failed");
  const sidecar = await serve({ store, port: 0 });
  const browser = await playwright.chromium.launch({
    executablePath: CHROMIUM,
    args: ["--headless", "--no-sandbox", "--disable-gpu"],
  });
  try {
    const context = await browser.newContext({
      viewport: { width: WIDTH, height: HEIGHT },
      colorScheme: values.dark ? "dark" : "light",
    });
    const page = await context.newPage();
    await page.goto(sidecar.url);
    await sleep(3000); // its figures are drawn one after another
    await page.screenshot({ path, fullPage: false });
  } finally {
    await browser.close();
    await sidecar.close();
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`wrote ${path}, ${Math.round(statSync(path).size / 1000)} kB`);
