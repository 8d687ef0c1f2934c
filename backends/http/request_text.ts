import type { KeyFields, RunFields } from "../../core/contract/wire.ts";
import type { Key, KeyShape } from "../../core/keys/key.ts";
import { readCell } from "../../core/values/cell.ts";
import { canonicalJson, jsonString } from "../../core/values/json.ts";
import { encodeJsonRow } from "../../core/values/json_row.ts";
import { type Row, setEntry, toValue, type Value } from "../../core/values/value.ts";

/** Encodes a request as JSON, its values as they are on the wire. */
export function requestText(request: object): string {
  const members = Object.entries(request).filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${jsonString(name)}:${memberText(name, value)}`);
  return `{${members.join(",")}}`;
}

/** Returns the members of a request that name a run. */
export function runOf({ shape, values }: Key): RunFields {
  return { params: values, ...keyFieldsOf(shape) };
}

/** Returns the members of a request that declare a key. */
export function keyFieldsOf({ columns, defaults: cells }: KeyShape): KeyFields {
  const defaults: Record<string, Value> = {};
  for (const [name, cell] of cells) setEntry(defaults, name, readCell(cell)!);
  return { ...columns && { key: columns }, ...cells.size > 0 && { defaults } };
}

/** Encodes a row. @throws {TypeError} If it has a value that no cell can hold. */
export function rowText(row: Row): string {
  return encodeJsonRow(toValue(row, "row") as Row);
}

function memberText(name: string, value: unknown): string {
  switch (name) {
    case "params":
    case "defaults":
    case "row":
    case "columns":
      return rowText(value as Row);
    case "batch":
      return `[${(value as readonly Row[]).map(rowText).join(",")}]`;
    case "result":
      return canonicalJson(toValue(value, name)!);
    default:
      return JSON.stringify(value);
  }
}
