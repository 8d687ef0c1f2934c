import process from "node:process";
import { isCompiled } from "./is_compiled.ts";
import { isGranted } from "./missing_permission.ts";

const KINDS = ["read", "write", "net", "env", "run", "ffi", "sys", "import"] as const;

/**
 * Returns the options of Deno that grant the permissions of this process. One that it has for some files,
 * hosts or variables only is left out, since Deno does not say which these are.
 */
export function permissionFlags(): string[] {
  const granted = KINDS.filter((name) => isGranted({ name }));
  return granted.length === KINDS.length
    ? ["--allow-all"]
    : ["--no-prompt", ...granted.map((kind) => `--allow-${kind}`)];
}

/** Returns the words that start this program again, without its arguments: runtime, options, script. */
export function ownWords(): string[] {
  const { execPath, execArgv, argv: [, script = ""], versions } = process;
  const options = versions["deno"] === undefined ? execArgv : ["run", ...permissionFlags()];
  return [execPath, ...options, ...isCompiled() ? [] : [script]];
}
