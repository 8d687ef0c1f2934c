import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** A runtime that a test can start: `[command, ...args, script, ...scriptArgs]` runs a `.ts` file. */
export interface Runtime {
  readonly name: "deno" | "bun" | "node";
  readonly command: string;
  readonly args: readonly string[];
}

const config = fileURLToPath(new URL("../deno.json", import.meta.url));

const known = [
  // Without --config, a script outside the repository does not find our npm packages.
  { name: "deno", least: [2, 5], args: ["run", "-A", "--quiet", `--config=${config}`] },
  { name: "bun", least: [1, 4], args: [] },
  // Node 22 warns on each start that running TypeScript, or node:sqlite, is experimental.
  { name: "node", least: [22, 18], args: ["--disable-warning=ExperimentalWarning"] },
] as const;

const current = process.versions.deno ? "deno" : process.versions.bun ? "bun" : "node";

const found: Runtime[] = [];
const reasons: string[] = [];
for (const { name, least: [major, minor], args } of known) {
  const command = name === current
    ? process.execPath
    : process.env[`STET_${name.toUpperCase()}`] || name;
  const { error, stdout } = spawnSync(command, ["--version"], { encoding: "utf8" });
  const [version, x, y] = /(\d+)\.(\d+)\.\d+/.exec(stdout ?? "") ?? [];
  if (Number(x) > major || (Number(x) === major && Number(y) >= minor)) {
    found.push({ name, command, args });
  } else {
    const what = version === undefined ? error?.message ?? "gives no version" : `is ${version}`;
    reasons.push(`${name} >= ${major}.${minor}: ${command} ${what}`);
  }
}

/** The runtimes of this machine: the current one, and the others from `STET_<NAME>` or the PATH. */
export const runtimes: readonly Runtime[] = found;

/** For each runtime that is not there, why: the reason to give when a test is skipped. */
export const missing: readonly string[] = reasons;
