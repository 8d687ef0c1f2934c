import { Buffer } from "node:buffer";
import fs from "node:fs";
import { CHECKSUM, FORMAT, verifyChecksum } from "./checksum.ts";
import { DamageError } from "./damage_error.ts";

const MAGIC = "PAR1";
/** The footer's length and the magic, at the end of a file. */
const TAIL_BYTES = 8;
/** The two entries of the metadata in Thrift's compact protocol: each text after its type and its length. */
const ENTRY = new RegExp(`\x18[\x0b\x0d](${FORMAT}|${CHECKSUM})\x18[\x01\x22]([0-9a-f-]+)\0`, "g");
const BY_DUCKDB = new RegExp("\x18.DuckDB version", "s");

/**
 * Compares a Parquet file with the checksum of stet in its footer, before DuckDB reads any of it. DuckDB
 * refuses files of other programs that are damaged, or gives other values.
 *
 * @returns True if another program wrote the file, and kept the metadata of stet.
 * @throws {DamageError} If a byte is another one, or it is no Parquet file.
 */
export function verifyParquet(fd: number, size: number): boolean {
  if (size < MAGIC.length + TAIL_BYTES) throw new DamageError("it is too short");
  const tail = bytesAt(fd, size - TAIL_BYTES, TAIL_BYTES);
  if (bytesAt(fd, 0, MAGIC.length).toString("latin1") !== MAGIC) {
    throw new DamageError("it does not begin as Parquet does");
  }
  if (tail.toString("latin1", 4) !== MAGIC) {
    throw new DamageError("it does not end as Parquet does");
  }
  const length = tail.readUInt32LE(0);
  if (length > size - TAIL_BYTES - MAGIC.length) {
    throw new DamageError("its footer is longer than it");
  }
  const footer = bytesAt(fd, size - TAIL_BYTES - length, length).toString("latin1");
  const entries = [...footer.matchAll(ENTRY)];
  const metadata = new Map(entries.map(([, key = "", value = ""]) => [key, value]));
  // DuckDB keeps no metadata of a file that it reads.
  return verifyChecksum(fd, size, metadata, BY_DUCKDB.test(footer));
}

function bytesAt(fd: number, at: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, fs.readSync(fd, bytes, 0, length, at));
}
