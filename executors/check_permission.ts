import { missingPermission } from "../core/runtime/missing_permission.ts";
import { startError } from "./start_error.ts";

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
