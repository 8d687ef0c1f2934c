import { Buffer } from "node:buffer";
import fs from "node:fs";
import { setImmediate } from "node:timers";
import { writeCell } from "../core/cell.ts";
import type { OpenOptions } from "../core/backend.ts";
import { FormatError, messageOf, StoreError } from "../core/errors.ts";
import type { Value } from "../core/value.ts";
import {
  type ApacheArrow,
  type ArrowData,
  type ArrowSchema,
  type ArrowType,
  loadArrow,
} from "../packages/apache_arrow.ts";
import { type ArrowReading, arrowReading, type ArrowVector } from "./arrow_types.ts";
import type { ColumnKind } from "./column_kind.ts";
import { ColumnarBackend } from "./columnar_backend.ts";
import type { Batch, Column, ColumnarFile, ColumnarFormat, Content } from "./columnar_format.ts";
import { readAt, writeAll } from "./file_bytes.ts";
import type { HeldFile } from "./held_file.ts";

/** How many rows a record batch has, the last one fewer. */
const BATCH = 1 << 15;
const MAGIC = "ARROW1";
/** Where the first message of a file begins: after the magic and what fills it up to 8 bytes. */
const HEAD = 8;
/** What the header of a message says that it is. */
const SCHEMA = 1, DICTIONARY = 2, RECORD_BATCH = 3;

/**
 * A store in an Arrow file (`.arrow`, `.feather`: the IPC file format; `.arrows`: the stream format).
 * Rows are recorded in a JSON Lines file beside it and merged into it in growing steps, and by `close`.
 * Needs the package `apache-arrow`.
 *
 * Columns are int64, float64 or bool where all their values are; any other is utf8 with cell text. An
 * absent value is null.
 *
 * @example
 * ```ts ignore
 * import { ArrowBackend } from "@stet/stet/backends";
 *
 * const backend = new ArrowBackend("runs.arrow");
 * await backend.record({ alpha: 0.1, model: "a" });
 * await backend.close();
 * ```
 */
export class ArrowBackend extends ColumnarBackend {
  /** Opens the store at a path; it is made by the first record. */
  constructor(path: string, options: OpenOptions = {}) {
    super(path, /\.arrows$/i.test(path) ? arrowStream : arrowFile, options);
  }
}

/**
 * Opens the Arrow store at a path.
 *
 * @throws {StoreError} If the package `apache-arrow` is not installed.
 */
export async function open(path: string, options: OpenOptions): Promise<ArrowBackend> {
  await loadArrow(`open store "${path}"`); // before anything runs whose row could not be kept
  return new ArrowBackend(path, options);
}

/** What is used of the package besides. */
interface Arrow extends ApacheArrow {
  readonly Type: Readonly<Record<string, number>>;
  readonly Schema: new (
    fields: ConstructorParameters<ApacheArrow["Schema"]>[0],
    metadata?: ReadonlyMap<string, string>,
  ) => ArrowSchema;
  readonly Message: { decode(bytes: Uint8Array): ArrowMessage };
  readonly RecordBatchReader: {
    from(bytes: Uint8Array): Iterable<RecordBatch> & {
      open(): { readonly schema: ArrowSchema & { readonly metadata: Map<string, string> } };
    };
  };
  readonly RecordBatchFileWriter: new () => Writer;
  readonly RecordBatchStreamWriter: ApacheArrow["RecordBatchStreamWriter"] & (new () => Writer);
}

interface ArrowMessage {
  readonly headerType: number;
  readonly bodyLength: number;
  header(): { readonly length: number; readonly compression?: unknown };
}

interface RecordBatch {
  readonly numRows: number;
  getChildAt(index: number): ArrowVector;
}

interface Writer extends AsyncIterable<Uint8Array> {
  reset(sink: undefined, schema: ArrowSchema): this;
  write(batch: object): void;
  finish(): void;
  toUint8Array(sync: true): Uint8Array;
}

/** A stretch of a file. */
interface Part {
  readonly start: number;
  readonly end: number;
}

/** The IPC file format for the engine. */
export const arrowFile: ColumnarFormat = arrowFormat("Arrow", true);
/** The IPC stream format for the engine. */
export const arrowStream: ColumnarFormat = arrowFormat("an Arrow stream", false);

function arrowFormat(name: string, isFile: boolean): ColumnarFormat {
  return {
    name,
    isCaseSensitive: true,

    async open(held): Promise<ColumnarFile> {
      const arrow = await loadArrow("use Arrow") as Arrow;
      try {
        return new ArrowFile(arrow, held, isFile);
      } catch (error) {
        if (error instanceof StoreError) throw error;
        throw new FormatError(`Cannot read "${held.path}" as ${name}: ${messageOf(error)}`, {
          cause: error,
        });
      }
    },

    async write(path, content): Promise<number> {
      const arrow = await loadArrow("use Arrow") as Arrow;
      return await write(arrow, path, content, isFile);
    },
  };
}

/**
 * A file whose messages were gone through, so that each record batch is read from where it stands
 * (https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc).
 */
class ArrowFile implements ColumnarFile {
  readonly columns: readonly Column[];
  readonly rowCount: number;
  readonly metadata: ReadonlyMap<string, string>;
  readonly #arrow: Arrow;
  readonly #held: HeldFile;
  /** What comes before a record batch, for a reader: the schema as a message. */
  readonly #schema: Uint8Array;
  readonly #readings: readonly ArrowReading[];
  readonly #dictionaries: Part[] = [];
  readonly #batches: (Part & { readonly rows: number })[] = [];

  constructor(arrow: Arrow, held: HeldFile, isFile: boolean) {
    this.#arrow = arrow;
    this.#held = held;
    const { fd, size } = held;
    this.#schema = isFile ? this.#readFooter(fd, size) : this.#readStream(fd, size);
    const { fields, metadata } = arrow.RecordBatchReader.from(this.#schema).open().schema;
    this.metadata = metadata;
    this.rowCount = this.#batches.reduce((sum, { rows }) => sum + rows, 0);
    const names = fields.map(({ name }) => name);
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice !== undefined) throw new Error(`two columns are called "${twice}"; rename one`);
    this.#readings = fields.map((field) => {
      const reading = arrowReading(arrow, field);
      if (reading) return reading;
      throw new Error(
        `its column "${field.name}" is ${field.type}; columns must be numbers, booleans, text or ` +
          `times: write lists and structs as JSON text`,
      );
    });
    this.columns = fields.map(({ name }, i) => ({ name, kind: this.#readings[i]!.kind }));
  }

  async *batches(columns: readonly string[], start: number, end: number): AsyncGenerator<Batch> {
    if (end <= start) return;
    const slots = columns.map((name) => this.columns.findIndex((column) => column.name === name));
    this.#held.hold();
    try {
      const { fd } = this.#held;
      const dictionaries = this.#dictionaries.map((part) => bytesOf(fd, part));
      let first = 0;
      for (const part of this.#batches) {
        const from = Math.max(0, start - first), to = Math.min(part.rows, end - first);
        first += part.rows;
        if (from >= to) continue;
        const bytes = Buffer.concat([this.#schema, ...dictionaries, bytesOf(fd, part)]);
        const [batch] = this.#arrow.RecordBatchReader.from(new Uint8Array(bytes));
        const values = slots.map((slot) => {
          const vector = batch!.getChildAt(slot);
          const { valueAt } = this.#readings[slot]!;
          return Array.from({ length: to - from }, (_, i) => valueAt(vector, from + i));
        });
        yield { length: to - from, columns: values };
        await new Promise((resolve) => setImmediate(resolve));
      }
    } finally {
      this.#held.letGo();
    }
  }

  /** Goes through the messages of a stream; the one that is the schema. */
  #readStream(fd: number, size: number): Uint8Array {
    let schema: Uint8Array | undefined;
    for (let at = 0; at < size;) {
      const head = messageAt(this.#arrow, fd, at, size);
      if (!head) {
        if (schema) return schema;
        break;
      }
      if (head.message.headerType === SCHEMA) schema = bytesOf(fd, { start: at, end: head.end });
      else this.#add({ start: at, end: head.end }, head.message);
      at = head.end;
    }
    // A stream may end without a mark that says so, but those of stet do not.
    if (schema && !Buffer.from(schema).includes("stet_history")) return schema;
    throw new Error(CUT_OFF);
  }

  /** Goes through the messages that a file's footer names; its schema as a message. */
  #readFooter(fd: number, size: number): Uint8Array {
    const { bytes, start } = footerOf(fd, size);
    for (const slot of [DICTIONARIES, RECORD_BATCHES]) {
      for (const part of blocksOf(bytes, slot)) {
        if (part.start < HEAD || part.end > start || part.end < part.start) {
          throw new Error(CUT_OFF);
        }
        const head = messageAt(this.#arrow, fd, part.start, part.end);
        if (!head) throw new Error(CUT_OFF);
        this.#add(part, head.message);
      }
    }
    const hasDictionaries = this.#dictionaries.length > 0; // its reader begins with them
    return schemaMessage(
      this.#arrow,
      hasDictionaries ? bytesOf(fd, { start: 0, end: size }) : bytes,
    );
  }

  #add(part: Part, message: ArrowMessage): void {
    if (message.headerType === DICTIONARY) this.#dictionaries.push(part);
    if (message.headerType !== RECORD_BATCH) return;
    const header = message.header();
    if (header.compression) throw new Error("it is compressed; write it without compression");
    this.#batches.push({ ...part, rows: Number(header.length) });
  }
}

const CUT_OFF = "it was cut off, or is no Arrow file";

/** The message that begins at a byte, and where it ends; undefined if the end of a stream is there. */
function messageAt(
  arrow: Arrow,
  fd: number,
  at: number,
  size: number,
): { readonly message: ArrowMessage; readonly end: number } | undefined {
  const prefix = new Uint8Array(8);
  const got = readAt(fd, prefix, 0, Math.min(8, size - at), at);
  const view = new DataView(prefix.buffer);
  const isNew = view.getInt32(0, true) === -1; // before 2019, there was only the length
  const length = view.getInt32(isNew ? 4 : 0, true);
  const body = at + (isNew ? 8 : 4);
  if (got >= body - at && length === 0) return undefined;
  if (got < 8 || length < 0 || body + length > size) throw new Error(CUT_OFF);
  const message = arrow.Message.decode(bytesOf(fd, { start: body, end: body + length }));
  const end = body + length + Number(message.bodyLength);
  if (end > size) throw new Error(CUT_OFF);
  return { message, end };
}

/** Fields of the footer, a flatbuffer (https://github.com/apache/arrow/blob/main/format/File.fbs). */
const DICTIONARIES = 2, RECORD_BATCHES = 3;

/** Where the messages stand that a footer names. */
function blocksOf(footer: Uint8Array, field: number): Part[] {
  const view = new DataView(footer.buffer, footer.byteOffset, footer.byteLength);
  const table = view.getUint32(0, true);
  const offsets = table - view.getInt32(table, true);
  const slot = 4 + 2 * field;
  const offset = slot < view.getUint16(offsets, true) ? view.getUint16(offsets + slot, true) : 0;
  if (offset === 0) return [];
  const vector = table + offset + view.getUint32(table + offset, true);
  return Array.from({ length: view.getUint32(vector, true) }, (_, i) => {
    const block = vector + 4 + 24 * i;
    const start = Number(view.getBigInt64(block, true));
    const head = view.getInt32(block + 8, true);
    return { start, end: start + head + Number(view.getBigInt64(block + 16, true)) };
  });
}

/** The footer of a file, with which its reader begins; @throws if it is cut off. */
function footerOf(fd: number, size: number): Part & { readonly bytes: Uint8Array } {
  const head = bytesOf(fd, { start: 0, end: Math.min(size, MAGIC.length) });
  if (Buffer.from(head).toString("latin1") !== MAGIC) throw new Error("it is no Arrow file");
  const tail = bytesOf(fd, { start: Math.max(0, size - MAGIC.length - 4), end: size });
  const length = new DataView(tail.buffer, tail.byteOffset).getInt32(0, true);
  const start = size - tail.length - length;
  if (Buffer.from(tail).toString("latin1", 4) !== MAGIC || length <= 0 || start < HEAD) {
    throw new Error("it was cut off");
  }
  return { start, end: size, bytes: bytesOf(fd, { start, end: size }) };
}

/**
 * The schema in a footer as a message: not all programs write one at the beginning.
 *
 * @param end The footer, or all of the file: its reader begins with the dictionaries.
 */
function schemaMessage(arrow: Arrow, end: Uint8Array): Uint8Array {
  const head = Buffer.alloc(HEAD);
  head.write(MAGIC, "latin1");
  const file = Buffer.from(end).toString("latin1", 0, MAGIC.length) === MAGIC
    ? end
    : new Uint8Array(Buffer.concat([head, end]));
  const { schema } = arrow.RecordBatchReader.from(file).open();
  const writer = new arrow.RecordBatchStreamWriter().reset(undefined, schema);
  writer.finish();
  return writer.toUint8Array(true).slice(0, -8); // without the end of the stream
}

/** Bytes of their own, at an address that suits all types. */
function bytesOf(fd: number, { start, end }: Part): Uint8Array {
  const bytes = new Uint8Array(end - start);
  const got = readAt(fd, bytes, 0, bytes.length, start);
  if (got < bytes.length) throw new Error("it was cut off");
  return bytes;
}

async function write(
  arrow: Arrow,
  path: string,
  { columns, base, gone, added, metadata }: Content,
  isFile: boolean,
): Promise<number> {
  const types = columns.map(({ kind }) => typeOf(arrow, kind));
  const fields = columns.map(({ name }, i) => new arrow.Field(name, types[i]!, true));
  const schema = new arrow.Schema(fields, metadata);
  const writer = isFile ? new arrow.RecordBatchFileWriter() : new arrow.RecordBatchStreamWriter();
  writer.reset(undefined, schema);
  const fd = fs.openSync(path, "wx");
  let values = columns.map((): (Value | undefined)[] => []);
  let length = 0;
  let count = 0;
  const put = async (): Promise<void> => {
    if (length === 0) return;
    const children = values.map((column, i) => dataOf(arrow, columns[i]!.kind, types[i]!, column));
    const type = new arrow.Struct(fields);
    const data = arrow.makeData({ type, length, nullCount: 0, children });
    writer.write(new arrow.RecordBatch(schema, data));
    count += length;
    values = columns.map(() => []);
    length = 0;
    await new Promise((resolve) => setImmediate(resolve)); // the writing below catches up
  };
  const writing = (async () => {
    for await (const bytes of writer) writeAll(fd, bytes, null);
  })();
  writing.catch(() => {}); // awaited below
  try {
    if (base) {
      const names = base.columns.map(({ name }) => name);
      const slots = columns.map(({ name }) => names.indexOf(name));
      let number = 0;
      let nextGone = 0;
      for await (const batch of base.batches(names, 0, base.rowCount)) {
        for (let i = 0; i < batch.length; i++, number++) {
          if (number === gone[nextGone]) {
            nextGone++;
            continue;
          }
          for (let c = 0; c < slots.length; c++) values[c]!.push(batch.columns[slots[c]!]?.[i]);
          if (++length === BATCH) await put();
        }
      }
    }
    for (const row of added) {
      for (let c = 0; c < columns.length; c++) {
        const { name } = columns[c]!;
        values[c]!.push(Object.hasOwn(row, name) ? row[name] : undefined);
      }
      if (++length === BATCH) await put();
    }
    await put();
  } finally {
    writer.finish();
    await writing.finally(() => fs.closeSync(fd));
  }
  return count;
}

function typeOf(arrow: Arrow, kind: ColumnKind): ArrowType {
  switch (kind) {
    case "integer":
      return new arrow.Int64();
    case "double":
      return new arrow.Float64();
    case "boolean":
      return new arrow.Bool();
    case "text":
      return new arrow.Utf8();
  }
}

function dataOf(
  arrow: Arrow,
  kind: ColumnKind,
  type: ArrowType,
  values: readonly (Value | undefined)[],
): ArrowData {
  const { length } = values;
  if (kind === "boolean" || kind === "text") {
    const all = values.map((value) =>
      value === undefined ? null : kind === "text" ? writeCell(value) : value
    );
    return arrow.vectorFromArray(all, type).data[0]!;
  }
  const data = kind === "integer" ? new BigInt64Array(length) : new Float64Array(length);
  const nullBitmap = new Uint8Array(Math.ceil(length / 64) * 8);
  let nullCount = 0;
  for (let i = 0; i < length; i++) {
    const value = values[i];
    if (value === undefined) nullCount++;
    else {
      nullBitmap[i >> 3]! |= 1 << (i & 7);
      data[i] = kind === "integer" ? BigInt(value as number | bigint) : Number(value);
    }
  }
  return arrow.makeData({ type, length, nullCount, nullBitmap, data });
}
