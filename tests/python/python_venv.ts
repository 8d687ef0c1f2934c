import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A Python that has some packages, or why there is none. */
export type PythonVenv = { readonly command: string } | { readonly missing: string };

/**
 * A Python with the packages of a file of this folder, in a virtual environment in `.runtimes/`. The
 * first call of all processes makes it, in half a minute; a change of the file makes a new one.
 *
 * @param name What the environment is called.
 * @param file The file that names the packages.
 */
export function pythonVenv(name: string, file: string): PythonVenv {
  const requirements = fileURLToPath(new URL(file, import.meta.url));
  const version = createHash("sha256").update(readFileSync(requirements)).digest("hex").slice(0, 8);
  const cache = fileURLToPath(new URL("../../.runtimes/", import.meta.url));
  const folder = `${cache}${name}-${version}`;
  const command = `${folder}/bin/python`;
  if (existsSync(command)) return { command };
  mkdirSync(cache, { recursive: true });
  // Made under another name, so that what has the name is whole: two processes may come here at once.
  const made = mkdtempSync(`${cache}${name}-making-`);
  try {
    const missing = whyNot("python3", ["-m", "venv", made]) ??
      whyNot(`${made}/bin/python`, [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--retries=1",
        `--requirement=${requirements}`,
      ]);
    if (missing !== undefined) return { missing };
    try {
      renameSync(made, folder);
    } catch (error) {
      if (!existsSync(command)) throw error; // else another process was quicker
    }
    return { command };
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
}

/** Why a command failed; undefined if it did not. */
function whyNot(command: string, args: readonly string[]): string | undefined {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
  if (status === 0) return undefined;
  const last = `${stdout ?? ""}\n${stderr ?? ""}`.trim().split("\n").at(-1);
  return `${command} ${args.slice(0, 3).join(" ")}: ${error?.message ?? last}`;
}
