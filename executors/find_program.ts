import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import process from "node:process";
import { messageOf } from "../core/errors.ts";
import { missingPermission } from "../core/runtime/missing_permission.ts";

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

/**
 * Checks that Deno lets this process start a program with its environment, or will ask.
 *
 * @throws {Error} If it does not.
 */
export function checkPermission(command: string): void {
  const missing = missingPermission([{ name: "run", command }, { name: "env" }]);
  if (!missing) return;
  const error = new Error(`it has no ${missing.name} access`);
  error.name = "NotCapable";
  throw startError(command, error);
}

/** Returns the error of a program that cannot be started, in the same words on all runtimes. */
export function startError(command: string, error: unknown): Error {
  return new Error(`Cannot run ${JSON.stringify(command)}: ${reasonOf(error)}`, { cause: error });
}

function reasonOf(error: unknown): string {
  const { code, name } = error as NodeJS.ErrnoException;
  if (code === "ENOENT") return "not found in PATH; check the spelling";
  if (code === "EACCES" || code === "EPERM") return "permission denied; is it an executable file?";
  if (name === "NotCapable" || name === "PermissionDenied") {
    const missing = process.versions.deno
      ? "; Deno starts programs with --allow-run --allow-env"
      : "";
    return messageOf(error).replace(/, run again with.*/, "") + missing;
  }
  return messageOf(error);
}
