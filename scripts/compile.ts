import { spawnSync } from "node:child_process";
import { existsSync, globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, posix } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { installOptional } from "./install_optional.ts";

/** Root of the repository. */
export const root: string = fileURLToPath(new URL("..", import.meta.url));

/** Names that declarations use, empty here: they merge with those of DOM, Node, Bun or Deno if there are such. */
const GLOBALS = `/// <reference lib="esnext.disposable" />
/// <reference lib="esnext.iterator" />
interface AbortSignal {}
interface Response {}
interface URL {}
`;

/** Writes the declarations that modules export, and those that these name. */
export function compileDeclarations(entries: readonly string[], folder: string): void {
  runTsc(entries, folder);
  const needed = new Set(entries.map((entry) => entry.replace(/\.ts$/, ".d.ts")));
  for (const path of needed) {
    const file = join(folder, path);
    const text = readFileSync(file, "utf8")
      .replace(/^((?:import|export)\b.*? from "\.[^"]*)\.ts";/gm, '$1.js";');
    writeFileSync(file, text);
    for (const [, specifier = ""] of text.matchAll(/ from "(\.[^"]*)\.js";/g)) {
      needed.add(join(path, "..", `${specifier}.d.ts`));
    }
  }
  for (const path of globSync("**/*.d.ts", { cwd: folder })) {
    if (!needed.has(path)) rmSync(join(folder, path));
  }
  writeFileSync(join(folder, "globals.d.ts"), GLOBALS);
  for (const entry of entries) {
    const file = join(folder, entry.replace(/\.ts$/, ".d.ts"));
    const path = posix.join(posix.relative(posix.dirname(entry), "."), "globals.d.ts");
    const text = readFileSync(file, "utf8").replace(/^#!.*\n/, "");
    writeFileSync(file, `/// <reference path="${path}" />\n${text}`);
  }
}

function runTsc(entries: readonly string[], folder: string): void {
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const node = process.env["STET_NODE"] || "node";
  if (!existsSync(tsc)) installOptional(process.env["STET_DENO"] || process.execPath);
  const { compilerOptions } = JSON.parse(readFileSync(join(root, "deno.json"), "utf8"));
  const args = [
    ...Object.entries(compilerOptions).flatMap(([name, value]) => [`--${name}`, String(value)]),
    ..."--target es2024 --lib es2024,esnext,dom,dom.iterable,dom.asynciterable".split(" "),
    ..."--module nodenext --types node --skipLibCheck --allowJs --rewriteRelativeImportExtensions"
      .split(
        " ",
      ),
    ...["--rootDir", root, "--outDir", folder, "--declaration", "--emitDeclarationOnly"],
    ...entries.map((entry) => join(root, entry)),
  ];
  const { status, error } = spawnSync(node, [tsc, "--ignoreConfig", ...args], {
    cwd: root,
    stdio: "inherit",
  });
  if (status !== 0) throw new Error("Cannot compile the package", { cause: error });
}
