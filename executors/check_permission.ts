import process from "node:process";
import { startError } from "./start_error.ts";

interface DenoPermissions {
  querySync(permission: { name: string; command?: string }): { state: string };
}

/**
 * Checks that Deno lets this process start a program and hand it the environment, or will ask.
 *
 * @throws {Error} If it does not.
 */
export function checkPermission(command: string): void {
  const { Deno } = globalThis as { Deno?: { permissions: DenoPermissions } };
  if (!Deno) return;
  for (const permission of [{ name: "run", command }, { name: "env" }]) {
    const { state } = Deno.permissions.querySync(permission);
    if (state === "granted" || (state === "prompt" && process.stdin.isTTY)) continue;
    const error = Object.assign(new Error(`it has no ${permission.name} access`), {
      name: "NotCapable",
    });
    throw startError(command, error);
  }
}
