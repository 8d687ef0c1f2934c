import type { Condition, Operand, Sign } from "../../core/tools/condition.ts";
import type { Value } from "../../core/values/value.ts";
import { whereOf } from "../../core/tools/where.ts";
import type { Mirror } from "./mirror.ts";
import { FALSE_SQL, isBig, NULL_SQL, type SqlValue, toMirror, TRUE_SQL } from "./mirror_value.ts";

/** A part of an SQL statement, with the values of its parameters. */
export interface Sql {
  readonly text: string;
  readonly values: readonly SqlValue[];
}

/**
 * Returns a condition as SQL over the mirror's columns, true for exactly the rows for which `whereOf` is
 * true; never NULL. Undefined if it compares integers that SQLite cannot hold.
 */
export function whereSql(mirror: Mirror, condition: Condition): Sql | undefined {
  const values: SqlValue[] = [];
  let isExact = true;

  function columnSql(name: string): string {
    if (mirror.hasBig(name)) isExact = false;
    return mirror.sql(name);
  }

  function bind(value: Value): string {
    if (isBig(value)) isExact = false;
    values.push(toMirror(value));
    return "?";
  }

  function sqlOf(operand: Operand): string {
    return "column" in operand ? columnSql(operand.column) : bind(operand.value);
  }

  function equal(left: Operand, right: Operand): string {
    const isNever = "column" in left && "column" in right;
    const text = `${sqlOf(left)} IS ${sqlOf(right)}`;
    return isNever ? `(${text} AND ${columnSql(left.column)} IS NOT NULL)` : `(${text})`;
  }

  function less(sign: Sign, left: Operand, right: Operand): string {
    const kinds = KINDS.filter((kind) => [left, right].every((each) => canBe(each, kind)));
    if (kinds.length === 0) return "0";
    const columns = [left, right].flatMap((each) => "column" in each ? [each.column] : []);
    const areSame = kinds.map((kind) =>
      columns.map((name) => IS_KIND[kind](columnSql(name))).join(" AND ")
    );
    return `((${areSame.join(" OR ")}) AND ${sqlOf(left)} ${sign} ${sqlOf(right)})`;
  }

  function textOf(condition: Condition): string {
    switch (condition.kind) {
      case "and":
      case "or":
        return balanced(condition.parts.map(textOf), condition.kind === "and" ? " AND " : " OR ");
      case "not":
        return `(NOT ${textOf(condition.part)})`;
      case "in":
        if (isConstant(condition.left, ...condition.members)) return constant(condition);
        return balanced(condition.members.map((each) => equal(condition.left, each)), " OR ");
      case "is": {
        const { left, wanted } = condition;
        if (!("column" in left)) return constant(condition);
        return `(${columnSql(left.column)} IS ${wanted === null ? NULL_SQL : "NULL"})`;
      }
      case "compare": {
        const { sign, left, right } = condition;
        if (isConstant(left, right)) return constant(condition);
        if (sign === "=") return equal(left, right);
        if (sign === "!=") return `(NOT ${equal(left, right)})`;
        return less(sign, left, right);
      }
    }
  }

  const text = textOf(condition);
  return isExact ? { text, values } : undefined;
}

/** The kinds of values that are ordered among each other. */
const KINDS = ["number", "string", "boolean"] as const;
type Kind = typeof KINDS[number];

const IS_KIND: Readonly<Record<Kind, (column: string) => string>> = {
  number: (column) => isNumberSql(column),
  string: (column) => `typeof(${column}) = 'text'`,
  boolean: (column) => `(${column} IS ${FALSE_SQL} OR ${column} IS ${TRUE_SQL})`,
};

/** Returns the condition that a column holds a number other than NaN; never NULL. */
export function isNumberSql(column: string): string {
  return `typeof(${column}) IN ('real', 'integer')`;
}

function canBe(operand: Operand, kind: Kind): boolean {
  if ("column" in operand) return true;
  const { value } = operand;
  return !Number.isNaN(value) && (typeof value === "bigint" ? "number" : typeof value) === kind;
}

function isConstant(...operands: readonly Operand[]): boolean {
  return operands.every((each) => "value" in each);
}

function constant(condition: Condition): string {
  return whereOf(condition)({}) ? "1" : "0";
}

/** SQLite reads `a AND b AND c …` as nested, and takes 1000 levels at most. */
function balanced(parts: readonly string[], between: string): string {
  if (parts.length === 1) return parts[0]!;
  const middle = parts.length >> 1;
  return `(${balanced(parts.slice(0, middle), between)}${between}${
    balanced(parts.slice(middle), between)
  })`;
}
