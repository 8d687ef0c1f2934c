import { readCell } from "../../core/values/cell.ts";
import type { Value } from "../../core/values/value.ts";
import type { ApacheArrow, ArrowField, ArrowVector } from "../../packages/apache_arrow.ts";
import type { ColumnKind } from "../columnar/column_kind.ts";

/** How a column of a type is read. */
export interface ArrowReading {
  readonly kind: ColumnKind;
  /** The value of a row; undefined if it is null. */
  valueAt(vector: ArrowVector, index: number): Value | undefined;
}

/** What is asked of a type. */
interface TypeFacts {
  readonly typeId: number;
  /** Of times: seconds, milliseconds, microseconds or nanoseconds, from 0. */
  readonly unit?: number;
  readonly timezone?: string | null;
  /** Of dictionaries: what stands in them. */
  readonly dictionary?: TypeFacts;
}

/** Microseconds in the units of times. */
const UNITS: readonly ((raw: bigint) => bigint)[] = [
  (raw) => raw * 1_000_000n,
  (raw) => raw * 1000n,
  (raw) => raw,
  (raw) => raw / 1000n,
];

/** How to read a column; undefined if a store cannot have it. */
export function arrowReading(
  { Type: ids }: ApacheArrow,
  field: ArrowField,
): ArrowReading | undefined {
  const type = field.type as TypeFacts;
  const { typeId } = type.typeId === ids["Dictionary"] ? type.dictionary! : type;
  switch (typeId) {
    case ids["Null"]:
      return { kind: "text", valueAt: () => undefined };
    case ids["Bool"]:
      return { kind: "boolean", valueAt: (vector, i) => vector.get(i) as boolean ?? undefined };
    case ids["Int"]:
      return { kind: "integer", valueAt: (vector, i) => integerOf(vector.get(i)) };
    case ids["Float"]:
      return { kind: "double", valueAt: (vector, i) => doubleOf(vector.get(i)) };
    case ids["Utf8"]:
    case ids["LargeUtf8"]:
      return { kind: "text", valueAt: (vector, i) => textOf(vector.get(i)) };
    case ids["Date"]:
      return {
        kind: "text",
        valueAt: (vector, i) => {
          const value = vector.get(i);
          return value === null
            ? undefined
            : new Date(value as number).toISOString().replace("T00:00:00.000Z", "");
        },
      };
    case ids["Timestamp"]: {
      const micros = UNITS[type.unit!]!;
      const zone = type.timezone ? "Z" : "";
      return {
        kind: "text",
        valueAt: (vector, i) =>
          vector.get(i) === null
            ? undefined
            : instantText(micros((vector.data[0]!.values as BigInt64Array)[i]!)) + zone,
      };
    }
    default:
      return undefined;
  }
}

function integerOf(value: unknown): Value | undefined {
  if (value === null) return undefined;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value as bigint;
}

function doubleOf(value: unknown): Value | undefined {
  if (value === null) return undefined;
  return value === 0 ? 0 : value as number; // not -0
}

function textOf(value: unknown): Value | undefined {
  return value === null ? undefined : readCell(value as string);
}

/** Microseconds since 1970 as `2026-11-21T14:22:01.123`, with six digits where three do not do. */
function instantText(micros: bigint): string {
  const rest = ((micros % 1000n) + 1000n) % 1000n;
  const text = new Date(Number((micros - rest) / 1000n)).toISOString().slice(0, -1);
  return rest === 0n ? text : text + String(rest).padStart(3, "0");
}
