import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { runtimes } from "../runtimes.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const own = runtimes.find(({ command }) => command === process.execPath)!;
const page = readFileSync(join(root, "docs/daily.md"), "utf8");
const sections = page.split(/^## /m).slice(1);

for (const section of sections) {
  const [heading] = section.split("\n", 1);
  const blocks = [...section.matchAll(/^```ts\n([^]*?)^```/gm)].map(([, text = ""]) => text);
  if (blocks.length === 0) continue;
  test(`the programs of "${heading}" in docs/daily.md run, and again`, (t) => {
    // Inside the repository, where programs find @stet/stet by its name.
    const folder = mkdtempSync(join(root, "examples/daily-"));
    t.after(() => rmSync(folder, { recursive: true }));
    for (const [i, text] of blocks.entries()) {
      writeFileSync(join(folder, `${i}.ts`), text);
      for (let time = 0; time < 2; time++) {
        const options = { cwd: folder, encoding: "utf8" } as const;
        const { status, stderr } = spawnSync(own.command, [...own.args, `${i}.ts`], options);
        assert.equal(status, 0, stderr);
      }
    }
  });
}
