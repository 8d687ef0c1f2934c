import { columnsOf, type Condition, type Sign } from "../../../core/tools/condition.ts";
import { whereOf } from "../../../core/tools/where.ts";
import { type Row, setEntry, type Value } from "../../../core/values/value.ts";
import type { Columns } from "./columns.ts";
import { ownTime } from "./own_time.ts";

/** A byte for each row: 1 if it is selected. */
export type Mask = Uint8Array;

/** Returns the rows that fulfil a condition. */
export function columnMask(columns: Columns, condition: Condition): Mask {
  switch (condition.kind) {
    case "and":
    case "or": {
      const [mask, ...others] = condition.parts.map((part) => columnMask(columns, part));
      for (const other of others) {
        if (condition.kind === "and") {
          for (let i = 0; i < mask!.length; i++) mask![i]! &= other[i]!;
        } else for (let i = 0; i < mask!.length; i++) mask![i]! |= other[i]!;
      }
      return mask!;
    }
    case "not": {
      const mask = columnMask(columns, condition.part);
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
  if (column.long) {
    if (isWanted({})) mask.fill(1);
    for (const [row, value] of column.long.each()) {
      mask[row] = Number(isWanted(rowOf(name, value)));
    }
    return mask;
  }
  if (condition.kind === "compare" && "column" in condition.left && "value" in condition.right) {
    const { right: { value }, sign } = condition;
    const than = column.seconds ? timeOf(value) : value;
    const numbers = column.numbers ?? column.seconds;
    if (numbers && typeof than === "number") {
      compareMask(numbers, sign, than, mask);
      for (const [row, other] of column.others()) {
        mask[row] = Number(isWanted(rowOf(name, other)));
      }
      return mask;
    }
  }
  if (column.numbers || column.seconds) return rowMask(columns, [name], isWanted, mask);
  const { codes, values } = column.coded();
  const table = Uint8Array.from(values, (value) => Number(isWanted(rowOf(name, value))));
  for (let i = 0; i < length; i++) mask[i] = table[codes[i]!]!;
  return mask;
}

/** Returns the seconds of a text that is a time as stet writes it, in whose order its texts are. */
function timeOf(value: Value): number | undefined {
  const seconds = typeof value === "string" ? ownTime(value) : NaN;
  return Number.isNaN(seconds) ? undefined : seconds;
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
    mask[i] = Number(isWanted(columns.row(names, i)));
  }
  return mask;
}

function rowOf(name: string, value: Value | undefined): Row {
  const row: Row = {};
  if (value !== undefined) setEntry(row, name, value);
  return row;
}
