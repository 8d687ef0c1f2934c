import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import process from "node:process";
import { startError } from "./start_error.ts";

/**
 * Checks that a program can be found as the system does it: in PATH, or at its path. Where this process
 * may not look, the start itself fails.
 *
 * @throws {Error} If it is not there, or is no executable file.
 */
export function findProgram(command: string, cwd: string, path: string | undefined): void {
  if (process.platform === "win32") return; // extensions, and folders that PATH does not name
  const isPath = command.includes("/");
  if (!isPath && path === undefined) return;
  const folders = isPath ? [cwd] : path!.split(delimiter);
  let failed: unknown;
  for (const folder of folders) {
    const file = isPath ? resolve(folder, command) : join(folder || cwd, command);
    try {
      if (!statSync(file).isFile()) continue;
      accessSync(file, constants.X_OK);
      return;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EACCES") failed = error;
      else if (code !== "ENOENT" && code !== "ENOTDIR") return;
    }
  }
  throw startError(command, failed ?? Object.assign(new Error(), { code: "ENOENT" }));
}
