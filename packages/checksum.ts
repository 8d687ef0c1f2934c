import { Buffer } from "node:buffer";
import fs from "node:fs";
import { crc32 } from "node:zlib";
import { DamageError } from "./damage_error.ts";

/** Names in a file's metadata: of the checksum, and of the format, which says that there is one. */
export const CHECKSUM = "stet_checksum", FORMAT = "stet_format";
/** The format of files that have a checksum. The one before has no number. */
const CHECKED_FORMAT = "2";

/** Size, CRC-32 of the file, CRC-32 of these two. */
const FORM = /^([0-9]{16})-[0-9a-f]{8}-[0-9a-f]{8}$/;
const SIZE_DIGITS = 16, CRC_DIGITS = 8;
const LENGTH = SIZE_DIGITS + 2 * (1 + CRC_DIGITS);

/** Number of bytes that are read at a time. */
const CHUNK = 1 << 20;

/** Returns the metadata of a file that is not written yet, for {@linkcode writeChecksum}. */
export function checksumMetadata(placeholder: string): [string, string][] {
  return [[FORMAT, CHECKED_FORMAT], [CHECKSUM, placeholder]];
}

/** True if a file's metadata is that of a file with a checksum. */
export function hasChecksum(metadata: ReadonlyMap<string, string>): boolean {
  return metadata.has(FORMAT) || metadata.has(CHECKSUM);
}

/** Returns a unique text for a file that is yet to be written: it is that of no file. */
export function checksumPlaceholder(): string {
  return checksumText(0, crypto.getRandomValues(new Uint32Array(1))[0]!);
}

/** Replaces the placeholder in a file that was written by its checksum. */
export function writeChecksum(fd: number, placeholder: string): void {
  const { size } = fs.fstatSync(fd);
  const { crc, places } = scan(fd, size, placeholder);
  const checksum = Buffer.from(checksumText(size, crc), "latin1");
  for (const place of places) fs.writeSync(fd, checksum, 0, LENGTH, place);
}

/**
 * Compares a file with the checksum in its metadata: the CRC-32 of its bytes, with a zero byte for each
 * byte of the checksum's text. A file of another size than the checksum says was written by another
 * program that kept the metadata.
 *
 * @param mustFit True if no other program keeps the metadata.
 * @returns True if another program wrote the file.
 * @throws {DamageError} If a byte is another one.
 */
export function verifyChecksum(
  fd: number,
  size: number,
  metadata: ReadonlyMap<string, string>,
  mustFit: boolean,
): boolean {
  if (!hasChecksum(metadata)) return false;
  const checksum = metadata.get(CHECKSUM) ?? "";
  const [, digits] = FORM.exec(checksum) ?? [];
  const isWhole = digits !== undefined && withCrc(checksum.slice(0, -1 - CRC_DIGITS)) === checksum;
  if (isWhole && Number(digits) !== size && !mustFit) return true;
  if (!isWhole || checksumText(size, scan(fd, size, checksum).crc) !== checksum) {
    throw new DamageError("its bytes are not those that were written: the checksum differs");
  }
  return false;
}

function checksumText(size: number, crc: number): string {
  return withCrc(`${String(size).padStart(SIZE_DIGITS, "0")}-${hexadecimal(crc)}`);
}

function withCrc(text: string): string {
  return `${text}-${hexadecimal(crc32(text))}`;
}

function hexadecimal(crc: number): string {
  return crc.toString(16).padStart(CRC_DIGITS, "0");
}

/** Returns the CRC-32 of a file in which a text is replaced by zeros, and the places of the text. */
function scan(
  fd: number,
  size: number,
  text: string,
): { readonly crc: number; readonly places: readonly number[] } {
  const places: number[] = [];
  const bytes = Buffer.alloc(LENGTH + Math.min(size, CHUNK));
  let crc = 0;
  let kept = 0; // bytes that may be the beginning of the text
  for (let at = 0; at < size;) {
    const got = fs.readSync(fd, bytes, kept, Math.min(bytes.length - kept, size - at), at);
    if (got === 0) throw new DamageError("it was cut short while it was read");
    const start = at - kept;
    at += got;
    const read = bytes.subarray(0, kept + got);
    for (let i = read.indexOf(text, 0, "latin1"); i !== -1; i = read.indexOf(text, i, "latin1")) {
      places.push(start + i);
      read.fill(0, i, i + LENGTH);
    }
    kept = at === size ? 0 : Math.min(read.length, LENGTH - 1);
    crc = crc32(read.subarray(0, read.length - kept), crc);
    read.copyWithin(0, read.length - kept);
  }
  return { crc, places };
}
