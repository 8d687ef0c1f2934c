/**
 * Builds the npm package, JavaScript and declarations, into `dist/npm`, or the folder that it is given.
 *
 * @module
 */
import { cpSync, globSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { absolutePage } from "./absolute_page.ts";
import { bundle, startedModules } from "./bundle.ts";
import { compileDeclarations, root } from "./compile.ts";

interface Manifest {
  readonly exports: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

const PAGES = ["README.md", "CHANGELOG.md"];

/** Builds the npm package into a folder, which is emptied first. */
export async function buildNpm(folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  const manifest: Manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const entries = Object.values(manifest.exports).map((path) => path.replace(/^\.\//, ""));
  await bundle([...entries, ...startedModules()], folder);
  compileDeclarations(entries, folder);
  for (const page of PAGES) writeFileSync(join(folder, page), absolutePage(page));
  cpSync(join(root, "LICENSE"), join(folder, "LICENSE"));
  writeFileSync(
    join(folder, "package.json"),
    `${JSON.stringify(publishedManifest(manifest), null, 2)}\n`,
  );
}

/** Returns the package.json of the built package. */
function publishedManifest(manifest: Manifest): Manifest {
  const {
    private: _private,
    devDependencies: _dev,
    buildDependencies: _build,
    browserDependencies: _browser,
    exports,
    ...rest
  } = manifest;
  const built = Object.entries(exports).map(([name, path]) => {
    const base = path.replace(/\.ts$/, "");
    return [name, { types: `${base}.d.ts`, default: `${base}.js` }];
  });
  return {
    ...rest,
    exports: { ...Object.fromEntries(built), "./package.json": "./package.json" },
    bin: { stet: "cli.js" },
    files: ["**/*.js", "**/*.d.ts", "CHANGELOG.md"],
    // They do something when they are imported; all others only declare.
    sideEffects: ["./cli.js", "./server.js", "./executors/worker_entry.js"],
  };
}

if (import.meta.main) {
  const folder = process.argv[2] ?? join(root, "dist/npm");
  await buildNpm(folder);
  const bytes = globSync("**/*.{js,ts,json,md}", { cwd: folder })
    .reduce((sum, path) => sum + statSync(join(folder, path)).size, 0);
  console.log(`built ${folder}, ${Math.round(bytes / 1000)} kB`);
}
