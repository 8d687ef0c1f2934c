import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { missing, runtimes } from "../runtimes.ts";
import { tempFolder } from "../temp_folder.ts";

const deno = runtimes.find(({ name }) => name === "deno");
const skip = deno ? false : missing.find((reason) => reason.startsWith("deno")) ?? "no Deno";
const root = fileURLToPath(new URL("../..", import.meta.url));
const programs = readFileSync(join(root, "tests/fixtures/types.ts"), "utf8");
const misuse = /^ *\/\/ @ts-expect-error -- (.*)$/gm;

/** What `deno check` says of a program, without colours. */
function check(path: string): { readonly status: number | null; readonly said: string } {
  const { status, stdout, stderr } = spawnSync(
    deno!.command,
    ["check", `--config=${join(root, "deno.json")}`, path],
    { cwd: root, encoding: "utf8", env: { ...process.env, NO_COLOR: "1" } },
  );
  return { status, said: stdout + stderr };
}

test("programs of users compile, and their misuses do not", { skip }, () => {
  const { status, said } = check(join(root, "tests/fixtures/types.ts"));
  assert.equal(status, 0, said);
});

test("each misuse is an error of its own", { skip }, (t) => {
  const misuses = [...programs.matchAll(misuse)].map(([, what]) => what);
  assert(misuses.length >= 10, `only ${misuses.length}`);
  const folder = tempFolder(t);
  const path = join(folder, "types.ts");
  const mod = new URL("../../mod.ts", import.meta.url).href;
  writeFileSync(path, programs.replace("../../mod.ts", mod).replaceAll(misuse, "// $1"));
  const { status, said } = check(path);
  assert.notEqual(status, 0);
  const lines = new Set(Array.from(said.matchAll(/types\.ts:(\d+):/g), ([, line]) => Number(line)));
  const text = readFileSync(path, "utf8").split("\n");
  for (const what of misuses) {
    const comment = text.findIndex((line) => line.trim() === `// ${what}`) + 1;
    assert(lines.has(comment + 1), `${what}: no error at line ${comment + 1} in\n${said}`);
  }
  // Of overloads, the message would be about the last.
  for (const option of ["retrys", "concurency"]) {
    assert.match(said, new RegExp(`'${option}' does not exist in type 'SweepOptions'`));
  }
});
