import { Buffer } from "node:buffer";
import { writeCell } from "../core/values/cell.ts";
import type { ApacheArrow, ArrowData, ArrowType } from "../packages/apache_arrow.ts";
import type { DuckDb, DuckDbType } from "../duckdb/duckdb.ts";
import { plainValues } from "./plain_value.ts";

/** Layout of a column of a result in Arrow. */
export interface ArrowLayout {
  readonly type: ArrowType;
  /** Encodes values of DuckDB's client. */
  dataOf(values: readonly unknown[]): ArrowData;
}

/** DuckDB's infinite time, which Arrow lacks, in microseconds. */
const INFINITE_TIME = 2n ** 63n - 1n;

/** Returns a function that gives the layout of a type. */
export function arrowLayouts(
  arrow: ApacheArrow,
  duckdb: DuckDb,
): (type: DuckDbType) => ArrowLayout {
  const { DuckDBTypeId: ids } = duckdb;
  const plain = plainValues(duckdb);

  function layout(type: ArrowType, partsOf: (values: readonly unknown[]) => object): ArrowLayout {
    return {
      type,
      dataOf: (values) => arrow.makeData({ type, ...nullsOf(values), ...partsOf(values) }),
    };
  }

  /** Of numbers, which have a place each. */
  function fixed<T extends number | bigint>(
    type: ArrowType,
    room: (length: number) => { [index: number]: T },
    numberOf: (value: unknown) => T,
  ): ArrowLayout {
    return layout(type, (values) => {
      const data = room(values.length);
      for (let i = 0; i < values.length; i++) {
        const value = values[i];
        if (value !== null) data[i] = numberOf(value);
      }
      return { data };
    });
  }

  function times(zone: string | null): ArrowLayout {
    const type = new arrow.Timestamp(arrow.TimeUnit.MICROSECOND, zone);
    const { dataOf } = fixed(type, (length) => new BigInt64Array(length), microsOf);
    return {
      type,
      dataOf: (values) => dataOf(values.map((value) => isInfinite(value) ? null : value)),
    };
  }

  function texts(textOf: (value: unknown) => string): ArrowLayout {
    return layout(new arrow.Utf8(), (values) => {
      const pieces = values.map((value) => value === null ? "" : textOf(value));
      const data = Buffer.from(pieces.join(""));
      // In ASCII each UTF-16 unit is a byte.
      const isAscii = data.length === pieces.reduce((sum, { length }) => sum + length, 0);
      const valueOffsets = offsetsOf(
        pieces,
        isAscii ? ({ length }) => length : (piece) => Buffer.byteLength(piece),
      );
      return { valueOffsets, data };
    });
  }

  function lists(element: ArrowLayout): ArrowLayout {
    return layout(new arrow.List(new arrow.Field("item", element.type, true)), (values) => {
      const all = values.map((value) =>
        value === null ? [] : (value as { readonly items: readonly unknown[] }).items
      );
      const valueOffsets = offsetsOf(all, ({ length }) => length);
      return { valueOffsets, child: element.dataOf(all.flat()) };
    });
  }

  function structs(names: readonly string[], entries: readonly ArrowLayout[]): ArrowLayout {
    const fields = names.map((name, i) => new arrow.Field(name, entries[i]!.type, true));
    return layout(new arrow.Struct(fields), (values) => ({
      children: names.map((name, i) =>
        entries[i]!.dataOf(values.map((value) => value === null ? null : entryOf(value, name)))
      ),
    }));
  }

  function layoutOf(type: DuckDbType): ArrowLayout {
    switch (type.typeId) {
      case ids["BOOLEAN"]:
        return layout(
          new arrow.Bool(),
          (values) => ({ data: bitsOf(values, (value) => value === true) }),
        );
      case ids["TINYINT"]:
      case ids["SMALLINT"]:
      case ids["INTEGER"]:
      case ids["UTINYINT"]:
      case ids["USMALLINT"]:
        return fixed(new arrow.Int32(), (length) => new Int32Array(length), Number);
      case ids["BIGINT"]:
      case ids["UINTEGER"]:
        return fixed(new arrow.Int64(), (length) => new BigInt64Array(length), bigintOf);
      case ids["FLOAT"]:
      case ids["DOUBLE"]:
        return fixed(new arrow.Float64(), (length) => new Float64Array(length), Number);
      case ids["DECIMAL"]:
      case ids["HUGEINT"]:
      case ids["UBIGINT"]:
      case ids["UHUGEINT"]:
        return fixed(
          new arrow.Float64(),
          (length) => new Float64Array(length),
          (value) => Number(String(value)),
        );
      case ids["TIMESTAMP_TZ"]:
        return times("UTC");
      case ids["TIMESTAMP"]:
        return times(null);
      case ids["VARCHAR"]:
        return texts(String);
      case ids["LIST"]:
      case ids["ARRAY"]:
        return lists(layoutOf(type.valueType!));
      case ids["STRUCT"]:
        return structs(type.entryNames!, type.entryTypes!.map(layoutOf));
      default:
        return texts((value) => {
          const text = plain(value, type);
          return typeof text === "string" ? text : writeCell(text);
        });
    }
  }

  return layoutOf;
}

/** Returns the null count and validity bitmap of values. */
function nullsOf(values: readonly unknown[]): object {
  const { length } = values;
  let nullCount = 0;
  for (let i = 0; i < length; i++) if (values[i] === null) nullCount++;
  return nullCount === 0
    ? { length, nullCount }
    : { length, nullCount, nullBitmap: bitsOf(values, (value) => value !== null) };
}

function bitsOf(values: readonly unknown[], isSet: (value: unknown) => boolean): Uint8Array {
  const bits = new Uint8Array(Math.ceil(values.length / 8));
  for (let i = 0; i < values.length; i++) if (isSet(values[i])) bits[i >> 3]! |= 1 << (i & 7);
  return bits;
}

/** Returns the offset of each piece in their concatenation, and its end. */
function offsetsOf<T>(pieces: readonly T[], lengthOf: (piece: T) => number): Int32Array {
  const offsets = new Int32Array(pieces.length + 1);
  for (let i = 0; i < pieces.length; i++) offsets[i + 1] = offsets[i]! + lengthOf(pieces[i]!);
  return offsets;
}

function bigintOf(value: unknown): bigint {
  return typeof value === "bigint" ? value : BigInt(value as number);
}

function microsOf(value: unknown): bigint {
  return (value as { readonly micros: bigint }).micros;
}

function isInfinite(value: unknown): boolean {
  if (value === null) return false;
  const micros = microsOf(value);
  return micros === INFINITE_TIME || micros === -INFINITE_TIME;
}

function entryOf(struct: unknown, name: string): unknown {
  return (struct as { readonly entries: Readonly<Record<string, unknown>> }).entries[name] ?? null;
}
