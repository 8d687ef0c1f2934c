import { isUtf8 } from "node:buffer";
import { DamageError } from "../../packages/damage_error.ts";
import type { ArrowBatchHead, ArrowColumn, ArrowLayout } from "./arrow_schema.ts";

/** Maximum number of rows of a record batch whose columns are all null, and take no bytes. */
const MAX_ROWS_WITHOUT_BYTES = 1 << 20;

/**
 * Checks that a record batch has the columns of its schema, each with as many bytes as its values take.
 *
 * @param layouts The layouts of its columns.
 */
export function checkBatchHead(
  { rows, nodes, buffers }: ArrowBatchHead,
  layouts: readonly ArrowLayout[],
  bodyLength: number,
): void {
  if (nodes.length !== layouts.length || nodes.some((node) => node.rows !== rows)) {
    throw new DamageError("a record batch has other columns than the schema");
  }
  if (nodes.some(({ nulls }) => nulls > rows)) {
    throw new DamageError("more values are null than are there");
  }
  let at = 0;
  const next = (least: number): void => {
    const buffer = buffers[at++];
    if (!buffer || buffer.start + buffer.length > bodyLength) {
      throw new DamageError("the values of a column end behind their record batch");
    }
    if (buffer.length < least) throw new DamageError("a column has fewer values than rows");
  };
  for (const [i, layout] of layouts.entries()) {
    if (layout.kind === "null") continue;
    next(nodes[i]!.nulls === 0 ? 0 : Math.ceil(rows / 8));
    if (layout.kind === "fixed") next(Math.ceil(rows * layout.bits / 8));
    else {
      next(rows === 0 ? 0 : (rows + 1) * layout.offset);
      next(0);
    }
  }
  if (at !== buffers.length) {
    throw new DamageError("a record batch has other columns than the schema");
  }
  if (rows > MAX_ROWS_WITHOUT_BYTES && layouts.every(({ kind }) => kind === "null")) {
    throw new DamageError("it has more rows than bytes");
  }
}

/**
 * Checks the values in the body of a record batch against its head and the schema.
 *
 * @param sizes The number of values of each column's dictionary; undefined of a column without one.
 */
export function checkBatchBody(
  { rows, nodes, buffers }: ArrowBatchHead,
  layouts: readonly ArrowLayout[],
  sizes: readonly (number | undefined)[],
  body: Uint8Array,
): void {
  let at = 0;
  const next = (): Uint8Array => {
    const { start, length } = buffers[at++]!;
    return body.subarray(start, start + length);
  };
  for (const [i, layout] of layouts.entries()) {
    if (layout.kind === "null") continue;
    const { nulls } = nodes[i]!;
    const validity = next();
    if (nulls > 0 && rows - countBits(validity, rows) !== nulls) {
      throw new DamageError("other values are null than it says");
    }
    if (layout.kind === "text") checkText(rows, layout.offset, next(), next());
    else {
      const values = next();
      const size = sizes[i];
      if (size !== undefined) {
        checkIndexes(rows, layout, values, nulls > 0 ? validity : undefined, size);
      }
    }
  }
}

function checkText(rows: number, width: 4 | 8, offsets: Uint8Array, bytes: Uint8Array): void {
  if (rows === 0) return;
  const view = new DataView(offsets.buffer, offsets.byteOffset, offsets.byteLength);
  const offsetAt = (i: number): number =>
    width === 4 ? view.getInt32(4 * i, true) : Number(view.getBigInt64(8 * i, true));
  const first = offsetAt(0);
  let end = first;
  for (let i = 1; i <= rows; i++) {
    const next = offsetAt(i);
    if (next < end) throw new DamageError("a text ends before it begins");
    end = next;
    // A character must not be cut in two.
    if ((bytes[end]! & 0xc0) === 0x80) throw new DamageError("a text is not UTF-8");
  }
  if (first < 0 || end > bytes.length) throw new DamageError("a text is not within its column");
  if (!isUtf8(bytes.subarray(first, end))) throw new DamageError("a text is not UTF-8");
}

function checkIndexes(
  rows: number,
  layout: ArrowLayout & { readonly kind: "fixed" },
  bytes: Uint8Array,
  validity: Uint8Array | undefined,
  size: number,
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const width = layout.bits / 8;
  const indexAt = (i: number): number => {
    switch (width) {
      case 1:
        return layout.isSigned ? view.getInt8(i) : view.getUint8(i);
      case 2:
        return layout.isSigned ? view.getInt16(2 * i, true) : view.getUint16(2 * i, true);
      case 4:
        return layout.isSigned ? view.getInt32(4 * i, true) : view.getUint32(4 * i, true);
      default:
        return Number(view.getBigInt64(8 * i, true));
    }
  };
  for (let i = 0; i < rows; i++) {
    if (validity && (validity[i >> 3]! & 1 << (i & 7)) === 0) continue;
    const index = indexAt(i);
    if (index < 0 || index >= size) throw new DamageError("a value is not in its dictionary");
  }
}

function countBits(bytes: Uint8Array, count: number): number {
  let bits = 0;
  for (let i = 0; i < count; i++) bits += bytes[i >> 3]! >> (i & 7) & 1;
  return bits;
}

/** Returns the layouts of columns in a record batch. */
export function layoutsOf(columns: readonly ArrowColumn[]): readonly ArrowLayout[] {
  return columns.map(({ layout, dictionary }) => dictionary?.indexes ?? layout!);
}
