import { Buffer } from "node:buffer";
import fs from "node:fs";
import { currentSignature, signatureOf } from "../core/runtime/file_signature.ts";

/** Size of each end of a file that is read. */
const SAMPLE_BYTES = 1 << 16;
const LF = 10;

/** The beginning and the end of a file of lines. */
export interface FileEnds {
  /** Whole lines without newlines, from the first one on and up to the last one. */
  readonly first: readonly string[];
  readonly last: readonly string[];
  /** Returns true if the file is still as it was. */
  isUnchanged(): boolean;
}

/** Reads the ends of a file; undefined if it has no two lines that end with LF alone, or a NUL. */
export function fileEnds(path: string): FileEnds | undefined {
  const fd = fs.openSync(path, "r");
  try {
    const found = fs.fstatSync(fd);
    if (!found.isFile()) return undefined;
    const head = sampleAt(fd, 0);
    const tail = sampleAt(fd, Math.max(0, found.size - SAMPLE_BYTES));
    if (tail.at(-1) !== LF || head.includes(13) || head.includes(0) || tail.includes(0)) {
      return undefined;
    }
    const first = head.toString("utf8").split("\n").slice(0, -1);
    if (first.length < 2) return undefined;
    return {
      first,
      last: tail.toString("utf8").split("\n").slice(1, -1),
      isUnchanged: () => currentSignature(path) === signatureOf(found),
    };
  } finally {
    fs.closeSync(fd);
  }
}

function sampleAt(fd: number, at: number): Buffer {
  const bytes = Buffer.alloc(SAMPLE_BYTES);
  return bytes.subarray(0, fs.readSync(fd, bytes, 0, SAMPLE_BYTES, at));
}
