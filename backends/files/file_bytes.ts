import { Buffer } from "node:buffer";
import fs from "node:fs";

const LF = 10;
/** Number of bytes that are read at a time. */
export const CHUNK_BYTES = 1 << 18;
/** Number of bytes at the end of a file that are compared, to see that it only grew. */
const TAIL_BYTES = 64;

/**
 * A part of a file, read piece by piece: `bytes[0 … length)` are those of the file from `base` on, and
 * `bytes[length]` is a newline. Bytes that are not consumed come again with more after them.
 */
export class Pieces {
  bytes: Uint8Array;
  length = 0;
  base: number;
  readonly #fd: number;
  readonly #end: number;
  /** Offset of the next read. */
  #next: number;
  #isUnread = false;

  /** @param from Number of bytes to read at a time, or the bytes themselves and a newline, if at hand. */
  constructor(fd: number, start: number, end: number, from: number | Uint8Array = CHUNK_BYTES) {
    this.#fd = fd;
    this.base = start;
    this.#end = end;
    if (typeof from === "number") {
      this.bytes = new Uint8Array(Math.min(from, end - start) + 2);
      this.#next = start;
    } else {
      this.bytes = from;
      this.length = end - start;
      this.#next = end;
      this.#isUnread = true;
    }
  }

  /** Reads more, and returns false at the end: bytes that are left are the rest. */
  fill(): boolean {
    if (this.#isUnread) {
      this.#isUnread = false;
      return true;
    }
    const want = this.#end - this.#next;
    if (want <= 0) return false;
    if (this.length * 2 > this.bytes.length) this.#grow(); // a row that is longer than that
    const room = Math.min(want, this.bytes.length - this.length - 2);
    const got = readAt(this.#fd, this.bytes, this.length, room, this.#next);
    if (got === 0) return false; // cut short by another program since its size was taken
    this.length += got;
    this.#next += got;
    this.bytes[this.length] = LF;
    return true;
  }

  /** Removes bytes from the front. */
  consume(count: number): void {
    this.bytes.copyWithin(0, count, this.length + 1);
    this.length -= count;
    this.base += count;
  }

  #grow(): void {
    const bytes = new Uint8Array(this.bytes.length * 2);
    bytes.set(this.bytes.subarray(0, this.length));
    this.bytes = bytes;
  }
}

/** Returns bytes with a newline after them, as scanners want it. */
export function withNewline(bytes: Uint8Array): Uint8Array {
  const guarded = new Uint8Array(bytes.length + 1);
  guarded.set(bytes);
  guarded[bytes.length] = LF;
  return guarded;
}

/** Returns the offset of the first NUL in bytes; -1 if there is none. */
export function firstNul(bytes: Uint8Array, length: number): number {
  const words = new Int32Array(bytes.buffer, 0, length >> 2);
  let i = 0;
  // Four bytes at a time: a byte of a word less 0x01010101 borrows from its top bit only if it is 0.
  while (i < words.length && ((words[i]! - 0x01010101) & ~words[i]! & 0x80808080) === 0) i++;
  return bytes.subarray(0, length).indexOf(0, i << 2);
}

/** Reads the last bytes before `end`. */
export function tailOf(fd: number, end: number, length: number = TAIL_BYTES): Uint8Array {
  const bytes = new Uint8Array(Math.min(length, end));
  const got = readAt(fd, bytes, 0, bytes.length, end - bytes.length);
  return bytes.subarray(0, got);
}

/** Returns the last bytes of `tail` with `bytes` after it. */
export function tailAfter(tail: Uint8Array, bytes: Uint8Array): Uint8Array {
  return Buffer.concat([tail, bytes.subarray(-TAIL_BYTES)]).subarray(-TAIL_BYTES);
}

/** Reads `length` bytes, or up to the end of the file, and returns their number. */
export function readAt(
  fd: number,
  into: Uint8Array,
  at: number,
  length: number,
  position: number,
): number {
  let got = 0;
  while (got < length) {
    const count = fs.readSync(fd, into, at + got, length - got, position + got);
    if (count === 0) break;
    got += count;
  }
  return got;
}

/** Writes all bytes; at the file's own position if `position` is null. */
export function writeAll(fd: number, bytes: Uint8Array, position: number | null): void {
  let written = 0;
  while (written < bytes.length) {
    const at = position === null ? null : position + written;
    const count = fs.writeSync(fd, bytes, written, bytes.length - written, at);
    if (count === 0) throw Object.assign(new Error("EIO: nothing was written"), { code: "EIO" });
    written += count;
  }
}

/** Runs a body with the descriptor of a file, which is closed after it. */
export function withFile<T>(
  path: string,
  flags: string,
  body: (fd: number) => T,
  mode?: number,
): T {
  const fd = fs.openSync(path, flags, mode);
  try {
    return body(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** Appends bytes to a file, which is made if it does not exist, and syncs it. */
export function appendTo(path: string, bytes: Uint8Array): void {
  withFile(path, "a", (fd) => {
    writeAll(fd, bytes, null);
    fs.fsyncSync(fd);
  });
}

/** Returns the number, from 1, of the line with a byte. */
export function lineOf(fd: number, offset: number): number {
  const bytes = new Uint8Array(CHUNK_BYTES);
  let line = 1;
  for (let position = 0; position < offset; position += CHUNK_BYTES) {
    const got = readAt(fd, bytes, 0, Math.min(CHUNK_BYTES, offset - position), position);
    for (let i = 0; i < got; i++) if (bytes[i] === LF) line++;
  }
  return line;
}

/** Syncs a folder, so that a rename in it survives a power cut. */
export function syncFolder(folder: string): void {
  withFile(folder, "r", fs.fsyncSync);
}
