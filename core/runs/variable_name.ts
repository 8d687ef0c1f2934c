import fs from "node:fs";
import { fileURLToPath } from "node:url";
import { isGranted } from "../runtime/missing_permission.ts";
import type { CallSite } from "./call_site.ts";

const NAME = String.raw`([\p{ID_Start}$_][\p{ID_Continue}$]*)`;
/** Texts before a call whose value gets a name. */
const PATTERNS = [
  new RegExp(String.raw`\b(?:const|let|var)\s+${NAME}\s*:(?:[^=;{}]|=>)*=\s*$`, "u"), // const train: Type = …
  new RegExp(String.raw`(?<![\p{ID_Continue}$])${NAME}\s*=\s*$`, "u"), // const train = …, this.train = …
  new RegExp(String.raw`[{,]\s*${NAME}\s*:\s*$`, "u"), // { train: … }
];
/** Maximum length of the text before a call. */
const MAX_BEFORE = 500;

/**
 * Returns the name of the variable or field that the value of a call of `once` is assigned to, read from the module's
 * source; undefined if the source does not show it, or cannot be read without asking the user.
 */
export function variableName({ module, line, column }: CallSite): string | undefined {
  const lines = sourceOf(module)?.split("\n", line);
  // Where Bun drops the frame of a tail call, the site is that of another call.
  if (lines?.length !== line || !/^once\b/.test(lines.at(-1)!.slice(column - 1))) return undefined;
  const text = [...lines.slice(0, -1), lines.at(-1)!.slice(0, column - 1)].join("\n");
  // The column is that of `once` in `const train = stet.once(…)`.
  const before = text.slice(-MAX_BEFORE).replace(/(?:[\w$]+\s*\.\s*)*$/, "");
  for (const pattern of PATTERNS) {
    const name = pattern.exec(before)?.[1];
    if (name !== undefined) return name;
  }
  return undefined;
}

function sourceOf(module: string): string | undefined {
  try {
    const path = module.startsWith("file:") ? fileURLToPath(module) : module;
    return isGranted({ name: "read", path }) ? fs.readFileSync(path, "utf8") : undefined;
  } catch {
    return undefined; // a notebook's cell, or a module from elsewhere
  }
}
