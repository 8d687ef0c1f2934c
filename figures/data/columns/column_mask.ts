import { columnsOf, type Condition, type Sign } from "../../../core/tools/condition.ts";
import { whereOf } from "../../../core/tools/where.ts";
import { type Row, setEntry, type Value } from "../../../core/values/value.ts";
import type { Columns } from "./columns.ts";

/** A byte for each row: 1 if it is selected. */
export type Mask = Uint8Array;

/** Returns the rows that fulfil a condition. @param text The condition as it was written. */
export function columnMask(columns: Columns, condition: Condition, text: string): Mask {
  const { length, lost } = columns;
  if (lost && columnsOf(condition).some((name) => isLost(columns, name))) {
    const mask = new Uint8Array(length);
    for (const row of lost.rowsWhere(text)) mask[row] = 1;
    return mask;
  }
  return maskOf(columns, condition);
}

/** True if values of a column are only in the store. */
function isLost(columns: Columns, name: string): boolean {
  const column = columns.get(name);
  return column ? column.isLost : false;
}

function maskOf(columns: Columns, condition: Condition): Mask {
  switch (condition.kind) {
    case "and":
    case "or": {
      const [mask, ...others] = condition.parts.map((part) => maskOf(columns, part));
      for (const other of others) {
        if (condition.kind === "and") {
          for (let i = 0; i < mask!.length; i++) mask![i]! &= other[i]!;
        } else for (let i = 0; i < mask!.length; i++) mask![i]! |= other[i]!;
      }
      return mask!;
    }
    case "not": {
      const mask = maskOf(columns, condition.part);
      for (let i = 0; i < mask.length; i++) mask[i]! ^= 1;
      return mask;
    }
    default:
      return leafMask(columns, condition);
  }
}

/** Returns the rows of a condition without parts. */
function leafMask(columns: Columns, condition: Condition): Mask {
  const { length } = columns;
  const isWanted = whereOf(condition);
  const mask = new Uint8Array(length);
  const [name, ...others] = columnsOf(condition);
  if (name === undefined) return isWanted({}) ? mask.fill(1) : mask;
  if (others.length > 0) return rowMask(columns, [name, ...others], isWanted, mask);
  const column = columns.get(name);
  if (!column) return isWanted({}) ? mask.fill(1) : mask;
  if (column.isNumbers && condition.kind === "compare") {
    const { left, right, sign } = condition;
    const number = "value" in right ? right.value : undefined;
    if ("column" in left && typeof number === "number") {
      return compareMask(column.numbers!, sign, number, mask);
    }
  }
  if (column.numbers) return rowMask(columns, [name], isWanted, mask);
  const { codes, values } = column.coded();
  const table = Uint8Array.from(values, (value) => Number(isWanted(rowOf([name], [value]))));
  for (let i = 0; i < length; i++) mask[i] = table[codes[i]!]!;
  return mask;
}

/** Compares numbers with one that is not NaN, or finds NaN. */
function compareMask(numbers: Float64Array, sign: Sign, than: number, mask: Mask): Mask {
  const { length } = mask;
  if (Number.isNaN(than)) {
    if (sign === "=") {
      for (let i = 0; i < length; i++) mask[i] = Number(Number.isNaN(numbers[i]));
    }
    if (sign === "!=") {
      for (let i = 0; i < length; i++) mask[i] = Number(!Number.isNaN(numbers[i]));
    }
    return mask;
  }
  switch (sign) {
    case "=":
      for (let i = 0; i < length; i++) mask[i] = Number(numbers[i] === than);
      break;
    case "!=":
      for (let i = 0; i < length; i++) mask[i] = Number(numbers[i] !== than);
      break;
    case "<":
      for (let i = 0; i < length; i++) mask[i] = Number(numbers[i]! < than);
      break;
    case "<=":
      for (let i = 0; i < length; i++) mask[i] = Number(numbers[i]! <= than);
      break;
    case ">":
      for (let i = 0; i < length; i++) mask[i] = Number(numbers[i]! > than);
      break;
    case ">=":
      for (let i = 0; i < length; i++) mask[i] = Number(numbers[i]! >= than);
  }
  return mask;
}

function rowMask(
  columns: Columns,
  names: readonly string[],
  isWanted: (row: Row) => boolean,
  mask: Mask,
): Mask {
  for (let i = 0; i < mask.length; i++) {
    mask[i] = Number(isWanted(rowOf(names, names.map((name) => columns.at(name, i)))));
  }
  return mask;
}

function rowOf(names: readonly string[], values: readonly (Value | undefined)[]): Row {
  const row: Row = {};
  for (const [i, name] of names.entries()) {
    const value = values[i];
    if (value !== undefined) setEntry(row, name, value);
  }
  return row;
}
