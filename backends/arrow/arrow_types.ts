import { instantText } from "../../packages/instant_text.ts";
import type { Value } from "../../core/values/value.ts";
import type { ApacheArrow, ArrowField, ArrowVector } from "../../packages/apache_arrow.ts";
import { type ColumnKind, storedValue } from "../columnar/column_kind.ts";

/** The reader of a column of a type. */
export interface ArrowReading {
  readonly kind: ColumnKind;
  /** Returns the value of a row; undefined if it is null. */
  valueAt(vector: ArrowVector, index: number): Value | undefined;
}

/** The fields of a type that are read. */
interface TypeFacts {
  readonly typeId: number;
  /** Of times: seconds, milliseconds, microseconds or nanoseconds, from 0. */
  readonly unit?: number;
  readonly timezone?: string | null;
  /** Of dictionaries: the type of their values. */
  readonly dictionary?: TypeFacts;
}

/** Microseconds in the units of times. */
const UNITS: readonly ((raw: bigint) => bigint)[] = [
  (raw) => raw * 1_000_000n,
  (raw) => raw * 1000n,
  (raw) => raw,
  (raw) => raw / 1000n,
];

/** Returns the reader of a column; undefined if a store cannot have it. */
export function arrowReading(
  { Type: ids }: ApacheArrow,
  field: ArrowField,
): ArrowReading | undefined {
  const type = field.type as TypeFacts;
  const { typeId } = type.typeId === ids["Dictionary"] ? type.dictionary! : type;
  const stored = (kind: ColumnKind): ArrowReading => ({
    kind,
    valueAt: (vector, i) => storedValue(vector.get(i), kind),
  });
  const text = (textOf: (value: unknown, vector: ArrowVector, i: number) => string) => ({
    kind: "text" as const,
    valueAt(vector: ArrowVector, i: number): string | undefined {
      const value = vector.get(i);
      return value === null ? undefined : textOf(value, vector, i);
    },
  });
  switch (typeId) {
    case ids["Null"]:
      return { kind: "text", valueAt: () => undefined };
    case ids["Bool"]:
      return stored("boolean");
    case ids["Int"]:
      return stored("integer");
    case ids["Float"]:
      return stored("double");
    case ids["Utf8"]:
    case ids["LargeUtf8"]:
      return stored("text");
    case ids["Date"]:
      return text((value) => new Date(value as number).toISOString().replace("T00:00:00.000Z", ""));
    case ids["Timestamp"]: {
      const micros = UNITS[type.unit!]!;
      const zone = type.timezone ? "Z" : "";
      return text((_, { data }, i) => {
        const instant = instantText(micros((data[0]!.values as BigInt64Array)[i]!));
        if (instant === undefined) throw new RangeError("a time is beyond the years of dates");
        return instant + zone;
      });
    }
    default:
      return undefined;
  }
}
