import { Buffer } from "node:buffer";

/**
 * What a file that begins with these bytes is, if it is plainly no UTF-8 text: `an SQLite database`;
 * else undefined.
 */
export function binaryKind(bytes: Uint8Array): string | undefined {
  const text = Buffer.from(bytes.subarray(0, 512)).toString("latin1");
  if (text.startsWith("SQLite format 3\0")) return "an SQLite database";
  if (text.startsWith("PAR1")) return "a Parquet file";
  if (text.startsWith("ARROW1")) return "an Arrow file";
  if (/^(?:\xff\xfe|\xfe\xff)/.test(text)) return "UTF-16 text (save it as UTF-8)";
  // Further on, a NUL may be part of a torn tail.
  return text.split("\n", 1)[0]!.includes("\0") ? "not text" : undefined;
}
