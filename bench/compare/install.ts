import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import type { Contender } from "./contenders.ts";

/** Maximum time of an installation, in milliseconds. */
const MAX_INSTALL_MS = 60_000;

/** The place of a contender's packages and the versions found, or the reason that there is none. */
export type Installed =
  | { readonly folder: string; readonly versions: string }
  | { readonly missing: string };

/** Installs the packages of a contender into a folder of its own. */
export function install(name: string, contender: Contender, temporary: string): Installed {
  const folder = path.join(temporary, "packages", name);
  fs.mkdirSync(folder, { recursive: true });
  const { packages } = contender;
  if (packages.length === 0) return { folder, versions: "" };
  if (contender.language === "js") {
    fs.writeFileSync(path.join(folder, "package.json"), "{}");
    const missing = whyNot("npm", ["install", "--no-audit", "--no-fund", ...packages], folder) ??
      packages.map((each) => whyNotLoaded(each.replace(/(?<=.)@.*/, ""), folder)).find(Boolean);
    return missing === undefined ? { folder, versions: packages.join(", ") } : { missing };
  }
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...packages];
  const missing = whyNot("python3", ["-m", "venv", folder]) ??
    whyNot(path.join(folder, "bin/python"), pip);
  if (missing !== undefined) return { missing };
  const names = packages.map((each) => each.replace(/==.*/, ""));
  const script = `from importlib.metadata import version\nprint(", ".join(f"{n} {version(n)}" ` +
    `for n in ${JSON.stringify(names)}))`;
  const { stdout } = spawnSync(path.join(folder, "bin/python"), ["-c", script], {
    encoding: "utf8",
  });
  return { folder, versions: stdout.trim() };
}

/** Installs GNU parallel of Debian into a folder, unless it is there. */
export function installParallel(temporary: string): Installed {
  const versionOf = (command: string): string =>
    spawnSync(command, ["--version"], { encoding: "utf8" }).stdout?.split("\n")[0] ?? "";
  if (versionOf("parallel").startsWith("GNU")) {
    return { folder: "parallel", versions: versionOf("parallel") };
  }
  const folder = path.join(temporary, "parallel");
  fs.mkdirSync(folder);
  const missing = whyNot("sh", ["-c", "apt-get download parallel && dpkg -x *.deb ."], folder);
  const command = path.join(folder, "usr/bin/parallel");
  return missing === undefined ? { folder: command, versions: versionOf(command) } : { missing };
}

/** Returns the reason that a package cannot be loaded: its native part may not be built. */
function whyNotLoaded(name: string, folder: string): string | undefined {
  return whyNot(
    "node",
    ["--input-type=module", "-e", `await import(${JSON.stringify(name)})`],
    folder,
  );
}

/** Returns the reason that a command failed, or undefined. */
function whyNot(command: string, args: readonly string[], cwd?: string): string | undefined {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: "utf8",
    timeout: MAX_INSTALL_MS,
    ...cwd !== undefined && { cwd },
  });
  if (status === 0) return undefined;
  if (error) {
    return "code" in error && error.code === "ETIMEDOUT"
      ? `its installation takes more than ${MAX_INSTALL_MS / 1000} s`
      : error.message;
  }
  const lines = `${stdout}\n${stderr}`.split("\n");
  return (lines.find((line) => /error/i.test(line)) ?? lines.at(-1) ?? `${status}`).trim();
}
