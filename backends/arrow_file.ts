import { Buffer } from "node:buffer";
import { setImmediate } from "node:timers";
import { namesIn } from "./arrow_names.ts";
import type { Arrow, ArrowMessage } from "./arrow_package.ts";
import { type ArrowReading, arrowReading } from "./arrow_types.ts";
import type { Batch, Column, ColumnarFile } from "./columnar_format.ts";
import { readAt } from "./file_bytes.ts";
import type { HeldFile } from "./held_file.ts";

const MAGIC = "ARROW1";
/** Where the first message of a file begins: after the magic and what fills it up to 8 bytes. */
const HEAD = 8;
/** What the header of a message says that it is. */
const SCHEMA = 1, DICTIONARY = 2, RECORD_BATCH = 3;

/** A stretch of a file. */
interface Part {
  readonly start: number;
  readonly end: number;
}

/**
 * A file whose messages were gone through, so that each record batch is read from where it stands
 * (https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc).
 */
export class ArrowFile implements ColumnarFile {
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
    const names = namesIn(metadata, fields.map(({ name }) => name ?? ""));
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
    this.columns = names.map((name, i) => ({ name, kind: this.#readings[i]!.kind }));
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
