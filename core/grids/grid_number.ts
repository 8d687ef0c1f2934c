import { writeCell } from "../values/cell.ts";
import type { Factor } from "./factor.ts";
import { entryOf, type Row, type Value } from "../values/value.ts";

/** Returns a function that gives the place of a combination in the order of the grid, or -1. */
export function gridNumber(factors: readonly Factor[]): (params: Row) => number {
  const lookUps = factors.map(({ names, parts }) => ({
    names,
    length: parts.length,
    numbers: new Map(parts.map((part, i) => [lookUpKey(part, names), i])),
  }));
  return (params) => {
    let number = 0;
    for (const { names, length, numbers } of lookUps) {
      const part = numbers.get(lookUpKey(params, names));
      if (part === undefined) return -1;
      number = number * length + part;
    }
    return number;
  };
}

/** Returns the values of some params as a key of a Map; a scalar alone is its own key, which is quick. */
function lookUpKey(params: Row, names: readonly string[]): unknown {
  const [name] = names;
  const value = names.length === 1 ? entryOf(params, name!) : null;
  if (names.length === 1 && (typeof value !== "object" || value === null)) return value;
  return `\x1e${names.map((each) => cellOf(entryOf(params, each))).join("\x1f")}`;
}

function cellOf(value: Value | undefined): string {
  return value === undefined ? "" : writeCell(value);
}
