import { tokenizer, tokTypes } from "acorn";
import { closeSync, openSync, readSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { isGranted } from "../runtime/missing_permission.ts";

/** Maximum length of names that minifiers give. */
const MAX_NAME = 2;
/** Minimum number of places without white space, and none with, in a minified text. */
const MIN_GAPS = 3;
/** Bytes of a module that are read, and the least share of white space of what was written by hand. */
const HEAD_BYTES = 65_536, MIN_SPACE = 0.1;

/**
 * True if a minifier seems to have named a function's parameters, so that another build may swap them: names
 * are short, and its text has no white space where formatters put some. Where it is too short to tell, and on
 * Bun, which formats what it loads, the module decides.
 *
 * @param module URL or path of the module in which the function was wrapped.
 */
export function areMinified(
  names: readonly string[],
  text: string,
  module: string | undefined,
): boolean {
  if (names.length === 0 || names.some((name) => name.length > MAX_NAME)) return false;
  const isReprinted = "Bun" in globalThis;
  if (!isReprinted) {
    const { spaced, unspaced } = gapsOf(text);
    if (spaced > 0) return false;
    if (unspaced >= MIN_GAPS) return true;
  }
  return module !== undefined && isDense(module);
}

const OPERATORS = new Set([tokTypes.eq, tokTypes.assign, tokTypes.question]);

/** Counts the places for white space: after commas, semicolons and braces, around operators. */
function gapsOf(text: string): { readonly spaced: number; readonly unspaced: number } {
  let spaced = 0;
  let unspaced = 0;
  let end = -1;
  let isAfter = false;
  try {
    for (const { type, start, end: next } of tokenizer(text, { ecmaVersion: "latest" })) {
      const { binop } = type as { readonly binop?: number | null }; // acorn's types leave it out
      const isOperator = typeof binop === "number" || OPERATORS.has(type);
      if (end !== -1 && (isAfter || isOperator)) {
        if (start > end) spaced++;
        else unspaced++;
      }
      isAfter = type === tokTypes.comma || type === tokTypes.semi || type === tokTypes.braceL;
      end = next;
    }
  } catch {
    // What is no program by itself, such as a method with a computed name: what was counted counts.
  }
  return { spaced, unspaced };
}

/** Modules that were read. */
const dense = new Map<string, boolean>();

function isDense(module: string): boolean {
  let is = dense.get(module);
  if (is === undefined) dense.set(module, is = readIsDense(module));
  return is;
}

/** True if a module has next to no white space; false if it cannot be read without asking the user. */
function readIsDense(module: string): boolean {
  try {
    const path = module.startsWith("file:") ? fileURLToPath(module) : module;
    if (!isGranted({ name: "read", path })) return false;
    const fd = openSync(path, "r");
    try {
      const bytes = new Uint8Array(HEAD_BYTES);
      const length = readSync(fd, bytes);
      const space = bytes.subarray(0, length).filter((byte) => byte === 32 || byte === 10).length;
      return space < length * MIN_SPACE;
    } finally {
      closeSync(fd);
    }
  } catch {
    return false; // it is no file
  }
}
