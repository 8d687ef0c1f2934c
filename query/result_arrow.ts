import {
  type ApacheArrow,
  type ArrowData,
  type ArrowField,
  type ArrowType,
  loadArrow,
} from "../packages/apache_arrow.ts";
import { type ArrowColumns, arrowStream } from "../packages/arrow_stream.ts";
import type { DuckDb, DuckDbType } from "../packages/duckdb.ts";
import type { PlainValue } from "./plain_value.ts";
import type { QueryResult } from "./query_result.ts";

/**
 * A result as an Arrow IPC stream, piece by piece. Integers are `int64`, other numbers `float64` (the
 * sums of integers too), times with a zone microseconds in UTC; lists and structs stay what they are,
 * and what else there is becomes text.
 *
 * @throws {StoreError} If the package apache-arrow is not installed.
 */
export async function* resultArrow(result: QueryResult): AsyncGenerator<Uint8Array> {
  let arrow: ApacheArrow;
  try {
    arrow = await loadArrow();
  } catch (error) {
    result.close();
    throw error;
  }
  const kinds = result.types.map((type) => kindOf(arrow, result.duckdb, type));
  const fields = result.columns.map(({ name }, i) => new arrow.Field(name, kinds[i]!.type, true));
  async function* batches(): AsyncGenerator<ArrowColumns> {
    let isEmpty = true;
    for await (const columns of result.batches()) {
      isEmpty = false;
      yield {
        length: columns[0]?.length ?? 0,
        columns: columns.map((values, i) => dataOf(arrow, kinds[i]!, values)),
      };
    }
    // It brings the schema.
    if (isEmpty) yield { length: 0, columns: kinds.map((kind) => dataOf(arrow, kind, [])) };
  }

  try {
    yield* arrowStream(arrow, fields, batches());
  } finally {
    result.close();
  }
}

/** A type of Arrow, and how a value is given to it. */
interface Kind {
  readonly type: ArrowType;
  readonly isInstant?: boolean;
  of(value: NonNullable<PlainValue>): unknown;
}

function kindOf(arrow: ApacheArrow, { DuckDBTypeId: ids }: DuckDb, type: DuckDbType): Kind {
  const kind = (type: DuckDbType): Kind => {
    switch (type.typeId) {
      case ids["BOOLEAN"]:
        return { type: new arrow.Bool(), of: (value) => value };
      case ids["TINYINT"]:
      case ids["SMALLINT"]:
      case ids["INTEGER"]:
        return { type: new arrow.Int32(), of: (value) => value };
      case ids["BIGINT"]:
        return { type: new arrow.Int64(), of: (value) => BigInt(value as number | bigint) };
      case ids["FLOAT"]:
      case ids["DOUBLE"]:
      case ids["DECIMAL"]:
      case ids["HUGEINT"]:
      case ids["UINTEGER"]:
      case ids["UBIGINT"]:
        return { type: new arrow.Float64(), of: Number };
      case ids["LIST"]:
      case ids["ARRAY"]: {
        const element = kind(type.valueType!);
        return {
          type: new arrow.List(new arrow.Field("item", element.type, true)),
          of: (value) => (value as readonly PlainValue[]).map((item) => given(element, item)),
        };
      }
      case ids["STRUCT"]: {
        const kinds = type.entryTypes!.map(kind);
        const names = type.entryNames!;
        const fields: ArrowField[] = names.map((name, i) =>
          new arrow.Field(name, kinds[i]!.type, true)
        );
        return {
          type: new arrow.Struct(fields),
          of: (value) =>
            Object.fromEntries(names.map((name, i) => [
              name,
              given(kinds[i]!, (value as { readonly [name: string]: PlainValue })[name]!),
            ])),
        };
      }
      default:
        return { type: new arrow.Utf8(), of: String };
    }
  };
  // Arrow's builder of times takes milliseconds only: those of a column are laid out here.
  return type.typeId === ids["TIMESTAMP_TZ"]
    ? {
      type: new arrow.Timestamp(arrow.TimeUnit.MICROSECOND, "UTC"),
      isInstant: true,
      of: (value) => microsOf(String(value)),
    }
    : kind(type);
}

function given({ of }: Kind, value: PlainValue): unknown {
  return value === null ? null : of(value);
}

function dataOf(arrow: ApacheArrow, kind: Kind, values: readonly PlainValue[]): ArrowData {
  const all = values.map((value) => given(kind, value));
  if (!kind.isInstant) return arrow.vectorFromArray(all, kind.type).data[0]!;
  const data = new BigInt64Array(all.length);
  const nullBitmap = new Uint8Array(Math.ceil(all.length / 8));
  let nullCount = 0;
  for (const [i, value] of all.entries()) {
    if (typeof value !== "bigint") nullCount++;
    else {
      data[i] = value;
      nullBitmap[i >> 3]! |= 1 << (i & 7);
    }
  }
  return arrow.makeData({ type: kind.type, length: all.length, nullCount, nullBitmap, data });
}

/** The microseconds since 1970 of `2026-11-21T14:22:01.123456Z`; null for infinity. */
function microsOf(text: string): bigint | null {
  const milliseconds = Date.parse(text);
  if (Number.isNaN(milliseconds)) return null;
  const rest = /\.\d{3}(\d{3})Z$/.exec(text)?.[1] ?? "0";
  return BigInt(milliseconds) * 1000n + BigInt(rest);
}
