import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { runtimes } from "../runtimes.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const own = runtimes.find(({ command }) => command === process.execPath)!;
const page = readFileSync(join(root, "docs/backends.md"), "utf8");

/** Returns the text of the block with this file name. */
function block(name: string): string {
  const text = new RegExp("^```ts " + name + "\\n([^]*?)^```", "m").exec(page)?.[1];
  assert.ok(text, `docs/backends.md has a block ${name}`);
  return text;
}

for (const name of ["register.ts", "option.ts"]) {
  test(`${name} of docs/backends.md runs, with the example as the plugin`, (t) => {
    // Inside the repository, where programs find @stet/stet by its name.
    const folder = mkdtempSync(join(root, "examples/plugin-"));
    t.after(() => rmSync(folder, { recursive: true }));
    copyFileSync(join(root, "examples/plugin/tsv.ts"), join(folder, "tsv.ts"));
    writeFileSync(join(folder, name), block(name));
    const run = (): string => {
      const { status, stderr } = spawnSync(own.command, [...own.args, name], {
        cwd: folder,
        encoding: "utf8",
      });
      assert.equal(status, 0, stderr);
      return stderr;
    };
    assert.equal(run(), "");
    assert.match(run(), /Skipped \d+ calls? of \w+\(\)/);
  });
}

test("docs/backends.md runs the suite as the test of the example does", () => {
  const text = readFileSync(join(root, "tests/processes/example_plugin_test.ts"), "utf8");
  const asPlugin = text.replace("../../conformance/mod.ts", "@stet/stet/conformance")
    .replace("../../examples/plugin/tsv.ts", "./tsv.ts");
  assert.equal(block("tsv_test.ts"), asPlugin);
});
