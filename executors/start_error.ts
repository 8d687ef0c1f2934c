import process from "node:process";
import { messageOf } from "../core/errors.ts";

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
