import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { runtimes } from "../runtimes.ts";
import { tempFolder } from "../temp_folder.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const own = runtimes.find(({ command }) => command === process.execPath)!;
const page = readFileSync(join(root, "docs/daily.md"), "utf8");
const hasBash = spawnSync("bash", ["--version"]).status === 0;

for (const section of page.split(/^## /m).slice(1)) {
  const [heading] = section.split("\n", 1);
  const blocks = [...section.matchAll(/^```(?:sh|bash)\n([^]*?)^```/gm)].map(([, text]) => text);
  if (blocks.length === 0) continue;
  test(`the commands of "${heading}" in docs/daily.md run`, {
    skip: hasBash ? false : "bash is not installed",
  }, (t) => {
    const folder = tempFolder(t);
    const words = [own.command, ...own.args, join(root, "cli.ts")];
    writeFileSync(join(folder, "stet"), `#!/bin/sh\nexec ${words.join(" ")} "$@"\n`);
    chmodSync(join(folder, "stet"), 0o700);
    const { status, stdout, stderr } = spawnSync("bash", ["-ec", blocks.join("\n")], {
      cwd: folder,
      encoding: "utf8",
      env: { ...process.env, HOME: folder, PATH: `${folder}${delimiter}${process.env.PATH}` },
    });
    assert.equal(status, 0, stdout + stderr);
  });
}
