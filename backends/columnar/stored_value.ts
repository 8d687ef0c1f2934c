import { readCell } from "../../core/values/cell.ts";
import type { Value } from "../../core/values/value.ts";
import type { ColumnKind } from "./column_kind.ts";

/** Returns the value that a column of a kind holds as `stored`, as the readers of files give it. */
export function storedValue(stored: unknown, kind: ColumnKind): Value | undefined {
  if (stored === null) return undefined;
  switch (kind) {
    case "integer": {
      const number = Number(stored);
      return Number.isSafeInteger(number) ? number : stored as bigint;
    }
    case "double":
      return stored === 0 ? 0 : stored as number; // not -0
    case "boolean":
      return stored as boolean;
    case "text":
      return readCell(stored as string);
  }
}
