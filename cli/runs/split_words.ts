import { UsageError } from "../usage_error.ts";

/**
 * Splits a text into words as a POSIX shell does, with quotes and backslashes, and without expansions.
 *
 * @throws {UsageError} If a quote has no end; names the flag as it was typed.
 */
export function splitWords(text: string, flag: string): string[] {
  const words: string[] = [];
  const piece = /\s+|'([^']*)'|"((?:[^"\\]|\\[^])*)"|\\([^])|([^\s'"\\]+)/y;
  let word: string | undefined;
  while (piece.lastIndex < text.length) {
    const found = piece.exec(text);
    if (!found) {
      throw new UsageError(`${flag} has a quote or backslash without its other half: ${text}`);
    }
    const [all, single, double, escaped, plain] = found;
    if (/^\s/.test(all)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {word = `${word ?? ""}${
        single ?? double?.replace(/\\(["\\$`])/g, "$1") ?? escaped ?? plain
      }`;}
  }
  return word === undefined ? words : [...words, word];
}
