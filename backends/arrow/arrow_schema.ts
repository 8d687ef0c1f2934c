import { DamageError } from "../../packages/damage_error.ts";
import { FlatBuffer, type FlatTable } from "./flatbuffer.ts";
import { UnfitError } from "../columnar/unreadable.ts";

/** Layout of the values of a column in a record batch. */
export type ArrowLayout =
  | { readonly kind: "null" }
  /** Bits of each value. */
  | { readonly kind: "fixed"; readonly bits: number; readonly isSigned?: boolean }
  /** Bytes of each offset. */
  | { readonly kind: "text"; readonly offset: 4 | 8 };

/** A column of a schema. */
export interface ArrowColumn {
  readonly name: string;
  readonly layout: ArrowLayout | undefined;
  /** Undefined unless its values are indexes of a dictionary. */
  readonly dictionary: { readonly id: bigint; readonly indexes: ArrowLayout } | undefined;
}

/** A checked schema. */
export interface ArrowSchemaFacts {
  readonly columns: readonly ArrowColumn[];
  readonly metadata: ReadonlyMap<string, string>;
}

/** Types, as the format numbers them (https://github.com/apache/arrow/blob/main/format/Schema.fbs). */
const NULL = 1, INT = 2, FLOAT = 3, UTF8 = 5, BOOL = 6, DATE = 8, TIMESTAMP = 10, LARGE_UTF8 = 20;

/** Slots of a Schema, and of a Field. */
const FIELDS = 1, METADATA = 2;
const NAME = 0, TYPE_TYPE = 2, TYPE = 3, ENCODING = 4, CHILDREN = 5, FIELD_METADATA = 6;

/** Reads and checks a schema. */
export function readSchema(schema: FlatTable): ArrowSchemaFacts {
  return {
    columns: schema.tables(FIELDS).map(readField),
    metadata: readMetadata(schema, METADATA),
  };
}

function readField(field: FlatTable): ArrowColumn {
  for (const child of field.tables(CHILDREN)) readField(child);
  readMetadata(field, FIELD_METADATA);
  const encoding = field.table(ENCODING);
  return {
    name: field.text(NAME) ?? "",
    layout: layoutOf(field.int8(TYPE_TYPE), field.table(TYPE)),
    dictionary: encoding && { id: encoding.int64(0), indexes: indexesOf(encoding.table(1)) },
  };
}

function readMetadata(table: FlatTable, slot: number): Map<string, string> {
  const pairs = table.tables(slot).map((pair) => [pair.text(0) ?? "", pair.text(1) ?? ""] as const);
  return new Map(pairs);
}

function layoutOf(id: number, type: FlatTable | undefined): ArrowLayout | undefined {
  if (!type) throw new DamageError("a column has no type");
  switch (id) {
    case NULL:
      return { kind: "null" };
    case INT:
      return integersOf(type);
    case FLOAT:
      return { kind: "fixed", bits: 16 << checkUnit(type.int16(0), 3) };
    case BOOL:
      return { kind: "fixed", bits: 1 };
    case DATE: // days, or milliseconds, which are the default
      return { kind: "fixed", bits: type.has(0) && type.int16(0) === 0 ? 32 : 64 };
    case TIMESTAMP:
      checkUnit(type.int16(0), 4);
      type.text(1);
      return { kind: "fixed", bits: 64 };
    case UTF8:
      return { kind: "text", offset: 4 };
    case LARGE_UTF8:
      return { kind: "text", offset: 8 };
  }
  return undefined;
}

function indexesOf(type: FlatTable | undefined): ArrowLayout {
  return type ? integersOf(type) : { kind: "fixed", bits: 32, isSigned: true };
}

function integersOf(type: FlatTable): ArrowLayout {
  const bits = type.int32(0);
  if (![8, 16, 32, 64].includes(bits)) throw new DamageError(`integers have ${bits} bits`);
  return { kind: "fixed", bits, isSigned: type.int8(1) !== 0 };
}

/** @returns The unit. */
function checkUnit(unit: number, count: number): number {
  if (unit < 0 || unit >= count) throw new DamageError("a type has a unit that there is not");
  return unit;
}

/** Slots of a Message, and types of its head. */
const HEADER_TYPE = 1, HEADER = 2, BODY_LENGTH = 3;
const SCHEMA = 1, DICTIONARY = 2, RECORD_BATCH = 3;

/** The checked head of a message. */
export type ArrowHead =
  & { readonly bodyLength: number }
  & (
    | { readonly type: "schema"; readonly schema: ArrowSchemaFacts }
    | {
      readonly type: "dictionary";
      readonly id: bigint;
      readonly isDelta: boolean;
      readonly batch: ArrowBatchHead;
    }
    | { readonly type: "batch"; readonly batch: ArrowBatchHead }
    | { readonly type: "other" }
  );

/** Places of the values of a record batch in its body. */
export interface ArrowBatchHead {
  readonly rows: number;
  /** Of each column the number of values, and of nulls among them. */
  readonly nodes: readonly { readonly rows: number; readonly nulls: number }[];
  readonly buffers: readonly { readonly start: number; readonly length: number }[];
}

/** Reads and checks the head of a message. */
export function readHead(bytes: Uint8Array): ArrowHead {
  const buffer = new FlatBuffer(bytes);
  const message = buffer.root();
  const bodyLength = message.size(BODY_LENGTH);
  const header = message.table(HEADER);
  if (!header) throw new DamageError("a message has no head");
  switch (message.int8(HEADER_TYPE)) {
    case SCHEMA:
      return { type: "schema", bodyLength, schema: readSchema(header) };
    case DICTIONARY: {
      const data = header.table(1);
      if (!data) throw new DamageError("a dictionary has no values");
      const id = header.int64(0), isDelta = header.int8(2) !== 0;
      return { type: "dictionary", bodyLength, id, isDelta, batch: readBatch(buffer, data) };
    }
    case RECORD_BATCH:
      return { type: "batch", bodyLength, batch: readBatch(buffer, header) };
  }
  return { type: "other", bodyLength };
}

function readBatch(buffer: FlatBuffer, batch: FlatTable): ArrowBatchHead {
  if (batch.has(3)) throw new UnfitError("it is compressed; write it without compression");
  const pairs = (slot: number): (readonly [number, number])[] =>
    batch.structs(slot, 16).map((at) => [buffer.sizeAt(at), buffer.sizeAt(at + 8)]);
  return {
    rows: batch.size(0),
    nodes: pairs(1).map(([rows, nulls]) => ({ rows, nulls })),
    buffers: pairs(2).map(([start, length]) => ({ start, length })),
  };
}

/** Slots of a Footer. */
const FOOTER_SCHEMA = 1, DICTIONARIES = 2, RECORD_BATCHES = 3;

/** A message that a footer names. */
export interface ArrowBlock {
  readonly start: number;
  readonly end: number;
}

/** Reads and checks the footer of a file; `schemaAt` is the place of the schema in it. */
export function readFooter(bytes: Uint8Array): {
  readonly schema: ArrowSchemaFacts;
  readonly schemaAt: number;
  readonly dictionaries: readonly ArrowBlock[];
  readonly batches: readonly ArrowBlock[];
} {
  const buffer = new FlatBuffer(bytes);
  const footer = buffer.root();
  const schema = footer.table(FOOTER_SCHEMA);
  if (!schema) throw new DamageError("its footer has no schema");
  const blocks = (slot: number): ArrowBlock[] =>
    footer.structs(slot, 24).map((at) => {
      const start = buffer.sizeAt(at);
      const head = buffer.view.getInt32(at + 8, true);
      return { start, end: start + head + buffer.sizeAt(at + 16) };
    });
  return {
    schema: readSchema(schema),
    schemaAt: schema.at,
    dictionaries: blocks(DICTIONARIES),
    batches: blocks(RECORD_BATCHES),
  };
}
