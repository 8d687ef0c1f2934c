import { spawnSync } from "node:child_process";
import { globSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { installOptional } from "./install_optional.ts";
import { installRuntimes } from "./install_runtimes.ts";

/** The runtimes that the suite runs on, in the order of its runs. */
export const runtimeNames = ["node", "deno", "bun"] as const;

export type RuntimeName = typeof runtimeNames[number];

/** True if a runtime runs a file. Node alone runs `tests/processes`, which only start processes. */
export function runsOn(runtime: RuntimeName, file: string): boolean {
  return runtime === "node" || !file.startsWith("tests/processes/");
}

/** Requirements of a run of test files. */
export interface TestSetup {
  /** Root of the repository. */
  readonly root: string;
  /** Paths of all test files from there. */
  readonly files: readonly string[];
  /** Path of each runtime. */
  readonly commands: Readonly<Record<RuntimeName, string>>;
  /** Environment of every test. */
  readonly env: Readonly<Record<string, string>>;
  /** Temporary folder, removed when this process exits. */
  readonly folder: string;
}

/**
 * Installs runtimes and packages, and lists the test files. `STET_BUN`, `STET_NODE` and `STET_DENO`
 * name runtimes to use instead of those that it installs.
 */
export function setUpTests(): TestSetup {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const deno = process.env.STET_DENO || process.execPath;
  const { bun, node } = installRuntimes(deno);
  // Bun and Node read their packages from node_modules.
  const installed = spawnSync(deno, ["install"], { cwd: root, stdio: "inherit" });
  if (installed.status !== 0) throw new Error("Cannot install the packages of package.json");
  installOptional(deno);
  const folder = mkdtempSync(join(tmpdir(), "stet-test-run-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return {
    root,
    files: globSync("tests/**/*_test.ts", { cwd: root })
      .map((file) => file.replaceAll("\\", "/")).sort(),
    commands: { deno, bun, node },
    env: {
      NO_COLOR: "1",
      STET_DENO: deno,
      STET_BUN: bun,
      STET_NODE: node,
      // Without it each of some thousand Node processes strips the types of every module again.
      NODE_COMPILE_CACHE: join(folder, "compiled"),
    },
    folder,
  };
}
