import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Debian's browser, which the dashboard's test drives. */
export const CHROMIUM = "/usr/bin/chromium";

/**
 * Installs the optional packages (the `peerDependencies` of package.json, its `buildDependencies`, and its
 * `browserDependencies` where there is a browser) into `node_modules`, where all three runtimes find them. About 190 MB the
 * first time; found installed later.
 *
 * They are in no lock file and in nobody's dependencies: Deno installs all of those before it runs
 * anything, and a program that uses no SQL should not wait for it. `deno install` without arguments
 * takes them away again.
 */
export function installOptional(deno: string): void {
  const root = new URL("../", import.meta.url);
  const { peerDependencies, buildDependencies, browserDependencies } = JSON.parse(
    readFileSync(new URL("package.json", root), "utf8"),
  );
  const wanted = {
    ...peerDependencies,
    ...buildDependencies,
    ...existsSync(CHROMIUM) && browserDependencies,
  };
  const packages = Object.entries<string>(wanted)
    .map(([name, version]) => `npm:${name}@${version}`);
  const args = ["install", "--quiet", "--no-save", "--no-lock", ...packages];
  const { status, error } = spawnSync(deno, args, { cwd: fileURLToPath(root), stdio: "inherit" });
  if (status !== 0) throw new Error(`Cannot install ${packages.join(" and ")}`, { cause: error });
}
