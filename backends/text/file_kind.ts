import { Buffer } from "node:buffer";

/** Beginnings of files that are no text stores, and their kinds. */
const KINDS: readonly (readonly [start: string | RegExp, kind: string])[] = [
  ["SQLite format 3\0", "an SQLite database"],
  ["PAR1", "a Parquet file"],
  ["ARROW1", "an Arrow file"],
  ["\xff\xfe", "UTF-16 text (save it as UTF-8)"],
  ["\xfe\xff", "UTF-16 text (save it as UTF-8)"],
  ["\x1f\x8b", "a gzip archive (unpack it)"],
  ["PK\x03\x04", "a ZIP archive, as .xlsx and .ods files are (unpack it, or save it as text)"],
  ["BZh", "a compressed file (unpack it)"],
  ["\xfd7zXZ\0", "a compressed file (unpack it)"],
  ["\x28\xb5\x2f\xfd", "a compressed file (unpack it)"],
  ["%PDF", "a PDF"],
  [/^version https:\/\/git-lfs/, "a pointer of Git LFS (git lfs pull brings the file)"],
  [/^<<<<<<< /, "a file with marks of a merge conflict (resolve it)"],
  [/^<[!?a-z]/i, "HTML or XML"],
];

/**
 * Returns the kind of a file that is plainly no store of UTF-8 text, such as `an SQLite database`; else
 * undefined.
 *
 * @param head Number of bytes without a NUL in a text that a crash may have damaged. Default: the first line.
 */
export function fileKind(bytes: Uint8Array, head?: number): string | undefined {
  const text = Buffer.from(bytes.subarray(0, 512)).toString("latin1");
  const words = text.replace(/^\xef\xbb\xbf/, "").trimStart();
  const known = KINDS.find(([start]) =>
    typeof start === "string" ? text.startsWith(start) : start.test(words)
  );
  if (known) return known[1];
  const sure = head === undefined ? text.split("\n", 1)[0]! : text.slice(0, head);
  return sure.includes("\0") ? "not text" : undefined;
}
