import { compareValues, kindOf } from "../values/compare_values.ts";
import { type Condition, type Operand, parseCondition, type Sign } from "./condition.ts";
import { canonicalJson } from "../values/json.ts";
import { entryOf, type Row, type Value } from "../values/value.ts";

/** A test of rows. */
export type Where = (row: Row) => boolean;

/**
 * Parses an expression, as {@linkcode parseCondition} does, into a test of rows.
 *
 * Numbers are ordered as numbers, texts by their characters, false before true; values of different
 * kinds are unequal, and neither is less. An absent value equals nothing and is no less than anything,
 * so `a != 1` is always `not a = 1`.
 *
 * @param columns The columns that rows can have.
 * @throws {SyntaxError} If it is no such expression or names another column; says where.
 */
export function parseWhere(text: string, columns: readonly string[]): Where {
  return whereOf(parseCondition(text, columns));
}

/** Returns the test of rows of a condition. */
export function whereOf(condition: Condition): Where {
  switch (condition.kind) {
    case "and": {
      const parts = condition.parts.map(whereOf);
      return (row) => parts.every((part) => part(row));
    }
    case "or": {
      const parts = condition.parts.map(whereOf);
      return (row) => parts.some((part) => part(row));
    }
    case "not": {
      const part = whereOf(condition.part);
      return (row) => !part(row);
    }
    case "compare": {
      const { left, right } = condition;
      const compare = COMPARISONS[condition.sign];
      return (row) => compare(valueOf(left, row), valueOf(right, row));
    }
    case "in": {
      const { left, members } = condition;
      return (row) => members.some((member) => isEqual(valueOf(left, row), valueOf(member, row)));
    }
    case "is": {
      const { left, wanted } = condition;
      return (row) => valueOf(left, row) === wanted;
    }
  }
}

function valueOf(operand: Operand, row: Row): Value | undefined {
  if ("value" in operand) return operand.value;
  return entryOf(row, operand.column);
}

const COMPARISONS: Readonly<
  Record<Sign, (a: Value | undefined, b: Value | undefined) => boolean>
> = {
  "=": isEqual,
  "!=": (a, b) => !isEqual(a, b),
  "<": (a, b) => isOrdered(a, b) && compareValues(a, b) < 0,
  "<=": (a, b) => isOrdered(a, b) && compareValues(a, b) <= 0,
  ">": (a, b) => isOrdered(a, b) && compareValues(a, b) > 0,
  ">=": (a, b) => isOrdered(a, b) && compareValues(a, b) >= 0,
};

function isEqual(a: Value | undefined, b: Value | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  if (typeof a === "object" && typeof b === "object") return canonicalJson(a) === canonicalJson(b);
  // 1e18 and 10 ** 18 as a bigint are one number.
  return kindOf(a) === kindOf(b) && compareValues(a, b) === 0;
}

/** True if one value can be less than the other. */
function isOrdered(a: Value | undefined, b: Value | undefined): boolean {
  if (a === undefined || b === undefined || Number.isNaN(a) || Number.isNaN(b)) return false;
  return kindOf(a) === kindOf(b) && typeof a !== "object";
}
