import { writeCell } from "../values/cell.ts";
import type { Factor } from "./factor.ts";
import type { Row, Value } from "../values/value.ts";

/** Gives a combination's place in the order of the grid; -1 if it is not of the grid. */
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

/** The values of some params, as a key of a Map. A scalar alone is one by itself, which is quick. */
function lookUpKey(params: Row, names: readonly string[]): unknown {
  const [name] = names;
  const value = names.length === 1 ? own(params, name!) : null;
  if (names.length === 1 && (typeof value !== "object" || value === null)) return value;
  return `\x1e${names.map((each) => cellOf(own(params, each))).join("\x1f")}`;
}

function own(params: Row, name: string): Value | undefined {
  return Object.hasOwn(params, name) ? params[name] : undefined;
}

function cellOf(value: Value | undefined): string {
  return value === undefined ? "" : writeCell(value);
}
