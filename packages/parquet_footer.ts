import fs from "node:fs";
import { verifyChecksum } from "./checksum.ts";
import { DamageError } from "./damage_error.ts";
import { readThrift, type Thrift, type ThriftStruct } from "./thrift.ts";

const MAGIC = "PAR1";
/** The footer's length and the magic. */
const TAIL = 8;
/** Number of bytes that are read for the header of a page, unless it is longer. */
const PAGE_HEADER = 256;
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
/** Kinds of pages. */
const DATA = 0, DICTIONARY = 2, DATA_V2 = 3;

/** The footer of a Parquet file. */
export interface ParquetFooter {
  readonly rowCount: number;
  /** The names of all columns, those within lists and structs too. */
  readonly names: readonly string[];
  readonly metadata: ReadonlyMap<string, string>;
  /** True if another program wrote it, and kept the metadata of stet. */
  readonly isRewritten: boolean;
}

/**
 * Reads the footer of a Parquet file, and checks that all sizes and places in the file lie within it, so
 * that no reader leaves it or reserves memory that no bytes fill
 * (https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift). A file with a
 * checksum of stet is compared with it, which shows any damage.
 *
 * @throws {DamageError} If the file is damaged, or no Parquet file.
 */
export function readParquetFooter(fd: number, size: number): ParquetFooter {
  const bytes = footerBytes(fd, size);
  const end = size - TAIL - bytes.length;
  const fields = readThrift(bytes).struct;
  const { metadata, createdBy } = metadataOf(fields);
  // DuckDB keeps no metadata of a file that it reads.
  const isRewritten = verifyChecksum(fd, size, metadata, createdBy.startsWith("DuckDB"));
  const schema = structs(fields, 2);
  const rowCount = integer(fields, 3);
  const isFlat = schema.slice(1).every((element) => !element.has(5)); // num_children
  let rows = 0;
  for (const group of structs(fields, 4)) {
    const groupRows = integer(group, 3);
    rows += groupRows;
    for (const chunk of structs(group, 1)) {
      const column = chunk.get(3);
      if (!(column instanceof Map)) throw new DamageError("it has columns in other files");
      if (isFlat && integer(column, 5) !== groupRows && !isRepeated(schema)) {
        throw new DamageError("a column has other rows than its row group");
      }
      checkPages(fd, end, column);
    }
  }
  if (rows !== rowCount) throw new DamageError("its row groups have other rows than the file");
  const names = schema.slice(1).map((element) => text(element.get(4)));
  return { rowCount, names, metadata, isRewritten };
}

/** True if a column that is no struct has lists nonetheless. */
function isRepeated(schema: readonly ThriftStruct[]): boolean {
  return schema.some((element) => element.get(3) === 2);
}

function footerBytes(fd: number, size: number): Uint8Array {
  if (size < MAGIC.length + TAIL) throw new DamageError("it is too short");
  const head = bytesAt(fd, 0, MAGIC.length);
  const tail = bytesAt(fd, size - TAIL, TAIL);
  if (text(head) !== MAGIC) throw new DamageError("it does not begin as Parquet does");
  if (text(tail.subarray(4)) !== MAGIC) throw new DamageError("it does not end as Parquet does");
  const length = new DataView(tail.buffer).getUint32(0, true);
  if (length > size - TAIL - MAGIC.length) throw new DamageError("its footer is longer than it");
  return bytesAt(fd, size - TAIL - length, length);
}

function metadataOf(
  fields: ThriftStruct,
): { readonly metadata: Map<string, string>; readonly createdBy: string } {
  const metadata = new Map<string, string>();
  for (const pair of fields.has(5) ? structs(fields, 5) : []) {
    metadata.set(text(pair.get(1)), pair.has(2) ? text(pair.get(2)) : "");
  }
  return { metadata, createdBy: fields.has(6) ? text(fields.get(6)) : "" };
}

/** Checks that the pages of a column are in the file and have its values. */
function checkPages(fd: number, end: number, column: ThriftStruct): void {
  const count = integer(column, 5);
  const total = Math.max(integer(column, 6), integer(column, 7));
  const dictionary = column.has(11) ? integer(column, 11) : 0;
  const data = integer(column, 9);
  let at = dictionary > 0 ? Math.min(dictionary, data) : data;
  for (let values = 0; values < count;) {
    if (at < MAGIC.length || at >= end) throw new DamageError("a page is not within the file");
    const { struct: header, length } = pageHeader(fd, at, end);
    const compressed = integer(header, 3);
    const uncompressed = integer(header, 2);
    at += length + compressed;
    if (at > end) throw new DamageError("a page ends behind the file");
    if (uncompressed > total) throw new DamageError("a page is larger than its column");
    const type = header.get(1);
    const kind = header.get(type === DATA ? 5 : type === DATA_V2 ? 8 : 7);
    if (type !== DATA && type !== DATA_V2 && type !== DICTIONARY) continue;
    if (!(kind instanceof Map)) throw new DamageError("a page has no header of its kind");
    const pageValues = integer(kind, 1);
    if (type === DICTIONARY) {
      if (pageValues > uncompressed) throw new DamageError("a page has more values than bytes");
      continue;
    }
    if (type === DATA_V2 && integer(kind, 5) + integer(kind, 6) > compressed) {
      throw new DamageError("a page has more levels than bytes");
    }
    values += pageValues;
    if (values > count) throw new DamageError("the pages of a column have more values than it");
  }
}

function pageHeader(
  fd: number,
  at: number,
  end: number,
): { readonly struct: ThriftStruct; readonly length: number } {
  const short = bytesAt(fd, at, Math.min(PAGE_HEADER, end - at));
  try {
    return readThrift(short);
  } catch {
    // Statistics hold values, which may be long.
    return readThrift(bytesAt(fd, at, Math.min(1 << 24, end - at)));
  }
}

function structs(struct: ThriftStruct, field: number): readonly ThriftStruct[] {
  const list = struct.get(field);
  if (!Array.isArray(list) || !list.every((item) => item instanceof Map)) {
    throw new DamageError("what it says of its columns is not whole");
  }
  return list as readonly ThriftStruct[];
}

/** A count, size or place. */
function integer(struct: ThriftStruct, field: number): number {
  const value = struct.get(field);
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new DamageError("a count, size or place in it is none");
}

function text(value: Thrift | undefined): string {
  if (!(value instanceof Uint8Array)) throw new DamageError("a name in it is none");
  return utf8.decode(value);
}

function bytesAt(fd: number, at: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let got = 0; got < length;) {
    const count = fs.readSync(fd, bytes, got, length - got, at + got);
    if (count === 0) throw new DamageError("it was cut short while it was read");
    got += count;
  }
  return bytes;
}
