import { Buffer } from "node:buffer";
import { YieldTimer } from "../../core/runtime/yield_timer.ts";
import { hasChecksum, verifyChecksum } from "../../packages/checksum.ts";
import { DamageError } from "../../packages/damage_error.ts";
import { checkBatchBody, checkBatchHead, layoutsOf } from "./arrow_body.ts";
import { namesIn } from "./arrow_names.ts";
import type { ApacheArrow } from "../../packages/apache_arrow.ts";
import {
  type ArrowBatchHead,
  type ArrowColumn,
  type ArrowHead,
  type ArrowLayout,
  type ArrowSchemaFacts,
  readFooter,
  readHead,
} from "./arrow_schema.ts";
import { type ArrowReading, arrowReading } from "./arrow_types.ts";
import type { Batch, Column, ColumnarFile } from "../columnar/columnar_format.ts";
import { readAt } from "../files/file_bytes.ts";
import type { HeldFile } from "../files/held_file.ts";
import { UnfitError, unreadable } from "../columnar/unreadable.ts";

/** Names of the two forms of Arrow in messages. */
export const ARROW_FILE = "Arrow", ARROW_STREAM = "an Arrow stream";

const MAGIC = "ARROW1";
/** Start of the first message of a file: after the magic and its padding to 8 bytes. */
const HEAD = 8;
/** Size of the end of a stream. */
const STREAM_END = 8;

/** A message by its place in a file. */
interface Message {
  readonly start: number;
  readonly bodyStart: number;
  readonly end: number;
  readonly head: ArrowHead;
}

/** A message with values. */
interface Part extends Message {
  readonly head: ArrowHead & { readonly batch: ArrowBatchHead };
}

/** A record batch, with the messages of its dictionaries. */
interface BatchPart extends Part {
  readonly dictionaries: ReadonlyMap<bigint, readonly Part[]>;
}

/**
 * A file whose messages were indexed, so that each record batch is read from its place
 * (https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc).
 * All sizes and places in it were compared with the file before the package reads any of it.
 */
export class ArrowFile implements ColumnarFile {
  readonly columns: readonly Column[];
  readonly rowCount: number;
  readonly metadata: ReadonlyMap<string, string>;
  readonly isRewritten: boolean;
  readonly #arrow: ApacheArrow;
  readonly #held: HeldFile;
  readonly #format: string;
  /** The schema as a message, which a reader takes before a record batch. */
  readonly #schema: Uint8Array;
  readonly #facts: readonly ArrowColumn[];
  readonly #layouts: readonly ArrowLayout[];
  readonly #readings: readonly ArrowReading[];
  readonly #batches: BatchPart[] = [];
  /** The dictionaries as of the last indexed message. */
  #dictionaries: ReadonlyMap<bigint, readonly Part[]> = new Map();

  private constructor(arrow: ApacheArrow, held: HeldFile, isFile: boolean) {
    this.#arrow = arrow;
    this.#held = held;
    this.#format = isFile ? ARROW_FILE : ARROW_STREAM;
    const [schema, message, parts] = isFile ? fileParts(held) : streamParts(held);
    this.#schema = message;
    this.metadata = schema.metadata;
    // A flatbuffer that lost its metadata is valid.
    const isCut = !hasChecksum(this.metadata) && Buffer.from(message).includes("stet_checksum");
    if (isCut) throw new DamageError("its metadata is cut off");
    this.isRewritten = verifyChecksum(held.fd, held.size, schema.metadata, false);
    const { fields } = arrow.RecordBatchReader.from(message).open().schema;
    const names = namesIn(schema.metadata, fields.map(({ name }) => name ?? ""));
    const known = new Set<string>();
    const twice = names.find((name) => known.size === known.add(name).size);
    if (twice !== undefined) throw new UnfitError(`two columns are called "${twice}"; rename one`);
    this.#readings = fields.map((field) => {
      const reading = arrowReading(arrow, field);
      if (reading) return reading;
      throw new UnfitError(
        `its column "${field.name}" is ${field.type}; columns must be numbers, booleans, text or ` +
          `times: write lists and structs as JSON text`,
      );
    });
    this.columns = names.map((name, i) => ({ name, kind: this.#readings[i]!.kind }));
    this.#facts = schema.columns;
    this.#layouts = layoutsOf(schema.columns);
    for (const part of parts) this.#add(part);
    this.rowCount = rowsIn(this.#batches);
  }

  /** @throws {FormatError} If it is damaged, or has a column that a store cannot have. */
  static open(arrow: ApacheArrow, held: HeldFile, isFile: boolean): ArrowFile {
    try {
      return new ArrowFile(arrow, held, isFile);
    } catch (error) {
      throw unreadable(held.path, isFile ? ARROW_FILE : ARROW_STREAM, error);
    }
  }

  async *batches(columns: readonly string[], start: number, end: number): AsyncGenerator<Batch> {
    if (end <= start) return;
    const known = new Map(this.columns.map(({ name }, slot) => [name, slot]));
    const slots = columns.map((name) => known.get(name) ?? -1);
    this.#held.retain();
    try {
      const timer = new YieldTimer();
      let first = 0;
      for (const part of this.#batches) {
        const { rows } = part.head.batch;
        const from = Math.max(0, start - first), to = Math.min(rows, end - first);
        first += rows;
        if (from >= to) continue;
        const [batch] = this.#arrow.RecordBatchReader.from(this.#messagesOf(part));
        const values = slots.map((slot) => {
          const vector = batch!.getChildAt(slot);
          const { valueAt } = this.#readings[slot]!;
          return Array.from({ length: to - from }, (_, i) => valueAt(vector, from + i));
        });
        yield { length: to - from, columns: values };
        if (timer.isDue()) await timer.yield();
      }
    } catch (error) {
      throw unreadable(this.#held.path, this.#format, error);
    } finally {
      this.#held.release();
    }
  }

  /** Returns a stream with one record batch, whose values are checked. */
  #messagesOf(part: BatchPart): Uint8Array {
    const messages: Uint8Array[] = [this.#schema];
    for (const [id, dictionary] of part.dictionaries) {
      const { layout } = this.#facts.find((column) => column.dictionary?.id === id)!;
      for (const each of dictionary) messages.push(this.#checked(each, [layout!], [undefined]));
    }
    const sizes = this.#facts.map(({ dictionary }) =>
      dictionary && rowsIn(part.dictionaries.get(dictionary.id) ?? [])
    );
    messages.push(this.#checked(part, this.#layouts, sizes));
    return new Uint8Array(Buffer.concat(messages));
  }

  #checked(
    { start, bodyStart, end, head }: Part,
    layouts: readonly ArrowLayout[],
    sizes: readonly (number | undefined)[],
  ): Uint8Array {
    const bytes = bytesOf(this.#held.fd, start, end);
    checkBatchBody(head.batch, layouts, sizes, bytes.subarray(bodyStart - start));
    return bytes;
  }

  #add(message: Message): void {
    const { head } = message;
    if (head.type !== "dictionary" && head.type !== "batch") return;
    const part = { ...message, head };
    if (head.type === "batch") {
      checkBatchHead(head.batch, this.#layouts, head.bodyLength);
      this.#batches.push({ ...part, dictionaries: this.#dictionaries });
      return;
    }
    const column = this.#facts.find(({ dictionary }) => dictionary?.id === head.id);
    if (!column) throw new DamageError("a dictionary is that of no column");
    checkBatchHead(head.batch, [column.layout!], head.bodyLength);
    const before = head.isDelta ? this.#dictionaries.get(head.id) ?? [] : [];
    this.#dictionaries = new Map([...this.#dictionaries, [head.id, [...before, part]]]);
  }
}

/** Returns the number of values in messages. */
function rowsIn(parts: readonly Part[]): number {
  return parts.reduce((sum, { head }) => sum + head.batch.rows, 0);
}

const CUT_OFF = "it was cut off, or is no Arrow file";

/** The messages of a file in their order, and the schema as a message of a stream. */
type Messages = readonly [schema: ArrowSchemaFacts, message: Uint8Array, parts: readonly Message[]];

/** Indexes the messages of a stream. */
function streamParts({ fd, size }: HeldFile): Messages {
  const first = messageAt(fd, 0, size);
  if (first?.head.type !== "schema") throw new DamageError(CUT_OFF);
  const { schema } = first.head;
  const parts: Message[] = [];
  for (let at = first.end;;) {
    // A stream may end without an end marker, but a stream of stet does not.
    if (at === size && !schema.metadata.has("stet_history")) break;
    const message = messageAt(fd, at, size);
    if (!message) {
      if (size - at > STREAM_END) throw new DamageError("bytes follow its end");
      break;
    }
    if (message.head.type === "schema") throw new DamageError("it has two schemas");
    parts.push(message);
    at = message.end;
  }
  return [schema, bytesOf(fd, 0, first.end), parts];
}

/** Indexes the messages that a file's footer names. */
function fileParts({ fd, size }: HeldFile): Messages {
  const { start, bytes } = footerOf(fd, size);
  const { schema, schemaAt, dictionaries, batches } = readFooter(bytes);
  const blocks = [...dictionaries, ...batches].sort((a, b) => a.start - b.start);
  let before = HEAD;
  for (const block of blocks) {
    if (block.start < before || block.end > start) throw new DamageError(CUT_OFF);
    before = block.end;
  }
  const parts = [...dictionaries, ...batches].map((block) => {
    const message = messageAt(fd, block.start, block.end);
    if (message?.end !== block.end) throw new DamageError(CUT_OFF);
    return message;
  });
  // Other programs may put something between them.
  if (hasChecksum(schema.metadata) && !areJoined(blocks, start)) {
    throw new DamageError("bytes are missing, or are too many");
  }
  return [schema, schemaMessage(bytes, schemaAt), parts];
}

/** True if each message follows the one before, and the end of the stream the last one. */
function areJoined(
  blocks: readonly { readonly start: number; readonly end: number }[],
  footer: number,
): boolean {
  return blocks.every(({ end }, i) => end === (blocks[i + 1]?.start ?? footer - STREAM_END));
}

/** Returns the message that begins at a byte; undefined at the end of a stream. */
function messageAt(fd: number, at: number, size: number): Message | undefined {
  const prefix = new Uint8Array(8);
  const got = readAt(fd, prefix, 0, Math.min(8, size - at), at);
  const view = new DataView(prefix.buffer);
  const isNew = view.getInt32(0, true) === -1; // before 2019, there was only the length
  const length = view.getInt32(isNew ? 4 : 0, true);
  const body = at + (isNew ? 8 : 4);
  if (got >= body - at && length === 0) return undefined;
  if (got < 8 || length < 0 || body + length > size) throw new DamageError(CUT_OFF);
  const head = readHead(bytesOf(fd, body, body + length));
  const end = body + length + head.bodyLength;
  if (end > size) throw new DamageError(CUT_OFF);
  return { start: at, bodyStart: body + length, end, head };
}

/** Returns the footer of a file, and where it begins. */
function footerOf(
  fd: number,
  size: number,
): { readonly start: number; readonly bytes: Uint8Array } {
  const head = bytesOf(fd, 0, Math.min(size, MAGIC.length));
  if (Buffer.from(head).toString("latin1") !== MAGIC) throw new DamageError("it is no Arrow file");
  const tail = bytesOf(fd, Math.max(0, size - MAGIC.length - 4), size);
  const length = new DataView(tail.buffer, tail.byteOffset).getInt32(0, true);
  const end = size - tail.length;
  if (Buffer.from(tail).toString("latin1", 4) !== MAGIC || length <= 0 || end - length < HEAD) {
    throw new DamageError("it was cut off");
  }
  return { start: end - length, bytes: bytesOf(fd, end - length, end) };
}

/**
 * Returns the schema in a footer as a message of a stream: not all programs write one at the beginning. It
 * is the footer itself, after a table that points to its schema.
 */
function schemaMessage(footer: Uint8Array, schemaAt: number): Uint8Array {
  const table = 16, before = 32;
  const bytes = new Uint8Array(8 + before + Math.ceil(footer.length / 8) * 8);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, -1, true);
  view.setInt32(4, bytes.length - 8, true);
  const message = new DataView(bytes.buffer, 8);
  message.setUint32(0, table, true);
  // Which fields the table has: version, type of the header, header.
  for (const [i, value] of [10, 12, 4, 6, 8].entries()) message.setUint16(4 + 2 * i, value, true);
  message.setInt32(table, table - 4, true);
  message.setInt16(table + 4, 4, true); // version 5
  message.setUint8(table + 6, 1); // a schema
  message.setUint32(table + 8, before + schemaAt - (table + 8), true);
  bytes.set(footer, 8 + before);
  return bytes;
}

/** Returns a copy of bytes, at an address that suits all types. */
function bytesOf(fd: number, start: number, end: number): Uint8Array {
  const bytes = new Uint8Array(end - start);
  const got = readAt(fd, bytes, 0, bytes.length, start);
  if (got < bytes.length) throw new DamageError("it was cut off");
  return bytes;
}
