import { instantText } from "../packages/instant_text.ts";
import type { DuckDb, DuckDbType } from "../duckdb/duckdb.ts";

/** A value of a result in JavaScript. */
export type PlainValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | readonly PlainValue[]
  | { readonly [name: string]: PlainValue };

/** Converter of values of DuckDB's client. */
export type ToPlain = (value: unknown, type: DuckDbType) => PlainValue;

/**
 * Returns a converter of values: safe integers are numbers, others bigints; decimals are numbers; lists are arrays, structs and maps objects; times with a zone are ISO 8601 in UTC, as
 * stores have them; everything else is the text that DuckDB gives it.
 */
export function plainValues({ DuckDBTypeId: ids }: DuckDb): ToPlain {
  function plain(value: unknown, type: DuckDbType): PlainValue {
    switch (typeof value) {
      case "number":
        return value === 0 ? 0 : value;
      case "bigint": {
        const number = Number(value);
        return Number.isSafeInteger(number) ? number : value;
      }
      case "string":
      case "boolean":
        return value;
      default:
        return value === null || value === undefined ? null : plainObject(value, type);
    }
  }

  function plainObject(value: object, type: DuckDbType): PlainValue {
    switch (type.typeId) {
      case ids["LIST"]:
      case ids["ARRAY"]: {
        const { items } = value as { readonly items: readonly unknown[] };
        return items.map((item) => plain(item, type.valueType!));
      }
      case ids["STRUCT"]: {
        const { entries } = value as { readonly entries: Readonly<Record<string, unknown>> };
        return Object.fromEntries(
          type.entryNames!.map((name, i) => [name, plain(entries[name], type.entryTypes![i]!)]),
        );
      }
      case ids["MAP"]: {
        const { entries } = value as {
          readonly entries: readonly { readonly key: unknown; readonly value: unknown }[];
        };
        return Object.fromEntries(
          entries.map((entry) => [String(entry.key), plain(entry.value, type.valueType!)]),
        );
      }
      case ids["DECIMAL"]:
        return Number(String(value));
      case ids["TIMESTAMP_TZ"]: {
        const instant = instantText((value as { readonly micros: bigint }).micros);
        return instant === undefined ? String(value) : `${instant}Z`;
      }
      default:
        return String(value);
    }
  }

  return plain;
}
