import { createRequire } from "node:module";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { StoreError } from "../core/errors.ts";
import { missingPermission, type Permission } from "../core/runtime/missing_permission.ts";

/** An optional package is needed and not installed. */
export class MissingPackageError extends StoreError {
  override name = "MissingPackageError";
}

/** A package that only some programs need, and that is no dependency of stet. */
export interface OptionalPackage {
  readonly name: string;
  /** The version to install. */
  readonly version: string;
  /** Its permissions in Deno. Default: none. */
  readonly permissions?: readonly Permission["name"][];
}

/**
 * Loads the module of an optional package.
 *
 * It is looked for where this module would find it (import map, `node_modules`), then from the
 * program's folder: a store of packages that shows each one only what it declares, and Deno with a
 * `package.json`, have it there.
 *
 * @param purpose The use of it, as the error says: `run SQL`.
 * @throws {MissingPackageError} If it is not installed: names it, and the command that installs it.
 * @throws {StoreError} If it has no permission in Deno: names the options.
 */
export async function loadPackage(
  { name, version, permissions = [] }: OptionalPackage,
  purpose: string,
): Promise<unknown> {
  const missing = missingPermission(permissions.map((name) => ({ name })));
  if (missing) {
    throw new StoreError(
      `Cannot ${purpose}: the package ${name} has no ${missing.name} access; Deno runs it with ` +
        permissions.map((name) => `--allow-${name}`).join(" "),
    );
  }
  try {
    // The name is a variable, since Deno downloads, before a program starts, what an import names by
    // a literal, reached or not.
    return await import(name);
  } catch (error) {
    if (!isMissing(error)) throw error;
    for (const folder of [import.meta.url, pathToFileURL(`${process.cwd()}/`).href]) {
      const require = requireOf(name, folder);
      if (require) return require(name); // Deno's import() takes a CommonJS file for an ES module
    }
    throw new MissingPackageError(
      `Cannot ${purpose}: the package ${name} is not installed; install it with: ` +
        installCommand(name, version),
      { cause: error },
    );
  }
}

function isMissing(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND" ||
    /not a dependency|Cannot find (?:module|package)/.test(String(message));
}

/** Returns the `require` of a folder, if it finds a package. */
function requireOf(name: string, folder: string): ReturnType<typeof createRequire> | undefined {
  if (!folder.startsWith("file:")) return undefined;
  try {
    const require = createRequire(folder);
    require.resolve(name);
    return require;
  } catch {
    return undefined;
  }
}

function installCommand(name: string, version: string): string {
  if (process.versions["deno"]) {
    // `deno add` alone names it in an import map, which programs of other folders do not see.
    return `deno install --node-modules-dir=auto npm:${name}@${version}`;
  }
  if (process.versions["bun"]) return `bun add ${name}@${version}`;
  return `npm install ${name}@${version}`;
}
