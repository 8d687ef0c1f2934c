import fs from "node:fs";

const LF = 10;
/** How many bytes are read at a time. */
export const CHUNK = 1 << 18;
/** How many bytes before the end of what was read tell whether a file only grew. */
const CHECKED = 64;

/**
 * A stretch of a file, read piece by piece: `bytes[0 … length)` stand in the file from `base` on, and
 * `bytes[length]` is a newline. What the reader does not consume comes again with more after it.
 */
export class Pieces {
  bytes: Uint8Array;
  length = 0;
  base: number;
  readonly #fd: number;
  readonly #end: number;
  /** Where the next read begins. */
  #next: number;
  #isUnread = false;

  /** @param from How much to read at a time, or the bytes themselves and a newline, if at hand. */
  constructor(fd: number, start: number, end: number, from: number | Uint8Array = CHUNK) {
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

  /** Reads more. Gives false once there is no more: what is left then is the rest. */
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

  /** Takes bytes away from the front. */
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

/** The place of the first NUL in bytes from the beginning of their buffer; -1 if there is none. */
export function firstNul(bytes: Uint8Array, length: number): number {
  const words = new Int32Array(bytes.buffer, 0, length >> 2);
  let i = 0;
  // Four bytes at a time: a byte of a word less 0x01010101 borrows from its top bit only if it is 0.
  while (i < words.length && ((words[i]! - 0x01010101) & ~words[i]! & 0x80808080) === 0) i++;
  return bytes.subarray(0, length).indexOf(0, i << 2);
}

/** The last bytes before `end`: what tells whether a file only grew. */
export function tailOf(fd: number, end: number, length: number = CHECKED): Uint8Array {
  const bytes = new Uint8Array(Math.min(length, end));
  const got = readAt(fd, bytes, 0, bytes.length, end - bytes.length);
  return bytes.subarray(0, got);
}

/** What `tailOf` gives once `bytes` stand after `tail`. */
export function tailAfter(tail: Uint8Array, bytes: Uint8Array): Uint8Array {
  if (bytes.length >= CHECKED) return bytes.slice(-CHECKED);
  const joined = new Uint8Array(tail.length + bytes.length);
  joined.set(tail);
  joined.set(bytes, tail.length);
  return joined.slice(-CHECKED);
}

/** Reads until `length` bytes are there or the file ends; how many. */
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

/** Adds bytes to the end of a file, made if it is not there, and brings them to the disk. */
export function appendTo(path: string, bytes: Uint8Array): void {
  const fd = fs.openSync(path, "a");
  try {
    writeAll(fd, bytes, null);
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** The number of the line, from 1, in which a byte stands. */
export function lineOf(fd: number, offset: number): number {
  const bytes = new Uint8Array(CHUNK);
  let line = 1;
  for (let position = 0; position < offset; position += CHUNK) {
    const got = readAt(fd, bytes, 0, Math.min(CHUNK, offset - position), position);
    for (let i = 0; i < got; i++) if (bytes[i] === LF) line++;
  }
  return line;
}

/** Makes a rename in a folder survive a loss of power. */
export function syncFolder(folder: string): void {
  const fd = fs.openSync(folder, "r");
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}
