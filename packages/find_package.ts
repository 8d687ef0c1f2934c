import { createRequire } from "node:module";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { messageOf } from "../core/errors.ts";
import { loadPackage, type OptionalPackage } from "./load_package.ts";

/** A package as it was found. */
export interface FoundPackage {
  /** Its version; undefined if it does not say. */
  readonly version: string | undefined;
  /** The reason why it cannot be used, with the command that installs it; undefined if it can. */
  readonly trouble: string | undefined;
}

/** Loads an optional package to see if it can be used, and finds its version. @param purpose As in errors. */
export async function findPackage(wanted: OptionalPackage, purpose: string): Promise<FoundPackage> {
  try {
    await loadPackage(wanted, purpose);
    return { version: installedVersion(wanted.name), trouble: undefined };
  } catch (error) {
    return { version: undefined, trouble: messageOf(error) };
  }
}

function installedVersion(name: string): string | undefined {
  for (const from of [import.meta.url, pathToFileURL(`${process.cwd()}/`).href]) {
    if (!from.startsWith("file:")) continue;
    try {
      let folder = dirname(createRequire(from).resolve(name));
      for (; folder !== dirname(folder); folder = dirname(folder)) {
        const file = join(folder, "package.json");
        const found = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
        if (found.name === name) return String(found.version);
      }
    } catch {
      // It is not seen from there, or Deno has it elsewhere.
    }
  }
  return undefined;
}
