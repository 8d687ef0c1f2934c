import { spawnSync } from "node:child_process";

/** The Pythons on the PATH that are new enough for the client, one of each minor version. */
export function pythons(): readonly string[] {
  const found = new Map<string, string>();
  for (const name of ["python3", ...[9, 10, 11, 12, 13, 14].map((minor) => `python3.${minor}`)]) {
    const { stdout, status } = spawnSync(name, ["--version"], { encoding: "utf8" });
    const [, minor] = /^Python 3\.(\d+)/.exec(status === 0 ? stdout : "") ?? [];
    if (Number(minor) >= 9 && !found.has(minor!)) found.set(minor!, name);
  }
  return [...found.values()];
}
