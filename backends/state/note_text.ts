import { jsonString } from "../../core/values/json.ts";

/**
 * Encodes a text for a column of SQLite: as JSON if it holds a NUL, at which Deno ends a text, or a lone
 * surrogate, which no runtime keeps. The inverse is {@linkcode decodeNote}.
 */
export function encodeNote(text: string): string {
  return /^"|[\0\p{Cs}]/u.test(text) ? jsonString(text) : text;
}

/** Decodes a text of {@linkcode encodeNote}, or one that was written as it is. */
export function decodeNote(text: string): string {
  if (!text.startsWith('"')) return text;
  try {
    return JSON.parse(text) as string;
  } catch {
    return text;
  }
}
