/**
 * Builds the program `dist/stet-<target>` for each target of Bun that is given (`linux-x64`, `linux-arm64`,
 * `darwin-arm64`, `windows-x64`, …). Default: this machine's. Bun downloads those of other machines.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { bundle } from "./bundle.ts";
import { root } from "./compile.ts";
import { installRuntimes } from "./install_runtimes.ts";

/** The program finds packages of the folder that it runs in, such as DuckDB. */
const PACKAGES = "--compile-autoload-package-json";

/** The target of this machine. */
export const ownTarget: string = [process.platform.replace("win32", "windows"), process.arch].join(
  "-",
);

/** Builds the programs of some targets into a folder, and returns their paths. */
export async function buildBinaries(
  targets: readonly string[],
  folder: string,
): Promise<string[]> {
  const modules = join(root, "dist/binary");
  rmSync(modules, { recursive: true, force: true });
  await bundle(["binary.ts"], modules);
  const { bun } = installRuntimes(process.env["STET_DENO"] || process.execPath);
  return targets.map((target) => {
    const program = join(folder, `stet-${target}${target.startsWith("windows") ? ".exe" : ""}`);
    const args = [
      "build",
      "--compile",
      PACKAGES,
      "--outfile",
      program,
      join(modules, "binary.js"),
    ];
    // Without a target Bun copies itself, and downloads nothing.
    if (target !== ownTarget) args.push(`--target=bun-${target}`);
    const { status, error } = spawnSync(bun, args, { cwd: root, stdio: "inherit" });
    if (status !== 0) throw new Error(`Cannot build the program for ${target}`, { cause: error });
    return program;
  });
}

if (import.meta.main) {
  const targets = process.argv.length > 2 ? process.argv.slice(2) : [ownTarget];
  for (const program of await buildBinaries(targets, join(root, "dist"))) {
    console.log(`built ${program}, ${Math.round(statSync(program).size / 1e6)} MB`);
  }
}
