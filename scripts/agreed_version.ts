/**
 * Checks that all files name the same version, or, with a version as its argument, writes it into them:
 * `deno task version 0.2.0`.
 *
 * @module
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

const MANIFEST = /(?<=^ {2}"version": ")[^"]+/m;

/** Files that name the version, each with the patterns around it. */
const PLACES: Readonly<Record<string, readonly RegExp[]>> = {
  "package.json": [MANIFEST],
  "deno.json": [MANIFEST],
  "package-lock.json": [MANIFEST, /(?<=^ {4}"": \{[^}]*?"version": ")[^"]+/m],
  "core/runtime/version.ts": [/(?<=VERSION = ")[^"]+/],
  "python/pyproject.toml": [/(?<=^version = ")[^"]+/m],
  "docs/install.md": [/(?<="jsr:@stet\/stet@\^)[^"]+/],
};

/** Returns the version that a file names at each of its places. */
function versionsOf(file: string): readonly string[] {
  const text = readFileSync(join(root, file), "utf8");
  return PLACES[file]!.map((pattern) => pattern.exec(text)?.[0] ?? "none");
}

/** Returns the version of this project. @throws {Error} If its files name different ones. */
export function agreedVersion(): string {
  const [version = ""] = versionsOf("package.json");
  for (const file of Object.keys(PLACES)) {
    for (const other of versionsOf(file)) {
      if (other === version) continue;
      throw new Error(
        `Cannot tell the version: package.json has ${version}, ${file} has ${other}; ` +
          `run deno task version ${version}`,
      );
    }
  }
  return version;
}

if (import.meta.main) {
  const [version] = process.argv.slice(2);
  if (version !== undefined) {
    if (!/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version)) {
      throw new Error(`Cannot set version "${version}": it must be like 1.2.3`);
    }
    for (const [file, patterns] of Object.entries(PLACES)) {
      const text = readFileSync(join(root, file), "utf8");
      const changed = patterns.reduce((before, it) => before.replace(it, version), text);
      writeFileSync(join(root, file), changed);
    }
  }
  console.log(agreedVersion());
}
