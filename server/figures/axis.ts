import { writeCell } from "../../core/values/cell.ts";
import { compareValues } from "../../core/values/compare_values.ts";
import type { Value } from "../../core/values/value.ts";
import type { Axis } from "./figures_schemas.ts";
import type { Mirror } from "../mirror/mirror.ts";
import { cellText, fromMirror, numberOf, type SqlValue } from "../mirror/mirror_value.ts";
import { isNumberSql, type Sql } from "../mirror/where_sql.ts";

/** An axis, and how rows are placed on it. */
export interface PlacedAxis {
  readonly axis: Axis;
  /** The condition of its rows. */
  readonly isOn: Sql;
  /** The expression that rows are grouped by. */
  readonly group: string;
  /** Returns the number of a group's part. */
  partOf(group: SqlValue): number;
}

/** The maximum number of values. More numbers become ranges; of other values the most frequent are kept. */
const MAX_VALUES = 50;
/** The number of ranges. */
const RANGES = 30;
/** The minimum ratio of the largest to the smallest number for geometric ranges. */
const MIN_GEOMETRIC_RATIO = 1000;

/** Returns the axis of a column for the rows that fulfil a condition. */
export function axisOf(mirror: Mirror, column: string, condition: Sql): PlacedAxis {
  const sql = mirror.sql(column);
  const from = `FROM ${mirror.table} WHERE ${condition.text}`;
  const { values } = condition;
  // Without counts: to sort all rows would take ten times as long.
  const few = condition.text === "1"
    ? mirror.distinct(column)
    : mirror.db.all(`SELECT DISTINCT ${sql} ${from} LIMIT ${MAX_VALUES + 1}`, values)
      .map(([cell]) => cell!);
  if (few && few.length <= MAX_VALUES) {
    return valuesAxis(column, sql, few, { values: 0, rows: 0 });
  }
  const isFinite = `${isNumberSql(sql)} AND abs(${sql}) <= 1.7976931348623157e308`;
  const [[least, most, isOther] = []] = mirror.db.all(
    `SELECT min(${sql}), max(${sql}), max(NOT (${isFinite})) ${from}`,
    values,
  );
  if (isOther === 0n) return rangesAxis(column, sql, numberOf(least)!, numberOf(most)!);
  const shown = mirror.db.all(
    `SELECT ${sql}, count(*) AS c ${from} GROUP BY 1 ORDER BY c DESC, 1 LIMIT ${MAX_VALUES}`,
    values,
  );
  const [[all, rows] = []] = mirror.db.all(
    `SELECT count(DISTINCT ${sql}) + max(${sql} IS NULL), count(*) ${from}`,
    values,
  );
  return valuesAxis(column, sql, shown.map(([cell]) => cell!), {
    values: numberOf(all)! - shown.length,
    rows: numberOf(rows)! - shown.reduce((sum, [, count]) => sum + numberOf(count)!, 0),
  });
}

/** Returns an axis of values, in their order. */
function valuesAxis(
  column: string,
  sql: string,
  cells: readonly SqlValue[],
  leftOut: Axis["left_out"],
): PlacedAxis {
  const shown = cells.map((cell) => ({ cell, value: fromMirror(cell), label: cellText(cell) }))
    .sort((a, b) => compareValues(a.value, b.value));
  const places = new Map(shown.map(({ label }, i) => [label, i]));
  const present = shown.filter(({ value }) => value !== undefined);
  const isOn = `(${sql} IN (${present.map(() => "?").join(", ")})` +
    `${present.length < shown.length ? ` OR ${sql} IS NULL` : ""})`;
  return {
    axis: {
      column,
      parts: shown.map(({ value, label }) => ({ label, where: valueCondition(column, value) })),
      left_out: leftOut,
    },
    isOn: { text: isOn, values: present.map(({ cell }) => cell) },
    group: sql,
    partOf: (group) => places.get(cellText(group)) ?? -1,
  };
}

/** Returns an axis of ranges, each with its lower end and without its upper one, but for the last. */
function rangesAxis(column: string, sql: string, low: number, high: number): PlacedAxis {
  const isWide = low > 0 && high / low >= MIN_GEOMETRIC_RATIO;
  const step = (high - low) / RANGES;
  const edges = Array.from({ length: RANGES + 1 }, (_, i) => {
    if (i === 0) return low;
    if (i === RANGES) return high;
    return isWide
      ? Number((low * (high / low) ** (i / RANGES)).toPrecision(5))
      : roundTo(low + step * i, step);
  });
  const inner = edges.slice(1, -1);
  const name = quoted(column);
  return {
    axis: {
      column,
      parts: Array.from({ length: RANGES }, (_, i) => {
        const isLast = i === RANGES - 1;
        return {
          label: `${edges[i]} … ${edges[i + 1]}`,
          from: edges[i]!,
          where: `${name} >= ${edges[i]} and ${name} ${isLast ? "<=" : "<"} ${edges[i + 1]}`,
        };
      }),
      left_out: { values: 0, rows: 0 },
    },
    isOn: { text: "1", values: [] },
    // The number of edges that are not above it.
    group: inner.map((edge) => `(${sql} >= ${edge})`).join(" + "),
    partOf: (group) => numberOf(group) ?? -1,
  };
}

/** Rounds a number to about a thousandth of a step, without the noise of doubles. */
function roundTo(number: number, step: number): number {
  const digits = 3 - Math.floor(Math.log10(step));
  const unit = 10 ** Math.abs(digits);
  const rounded = digits > 0 ? Math.round(number * unit) / unit : Math.round(number / unit) * unit;
  return Number(rounded.toPrecision(15));
}

/** Returns the condition that a column has a value; null if conditions have no such value. */
function valueCondition(column: string, value: Value | undefined): string | null {
  const name = quoted(column);
  switch (typeof value) {
    case "undefined":
      return `${name} is absent`;
    case "string":
      return `${name} = '${value.replaceAll("'", "''")}'`;
    case "number":
      return `${name} = ${Number.isFinite(value) ? value : writeCell(value)}`;
    case "object":
      return value === null ? `${name} is null` : null;
    default:
      return `${name} = ${value}`;
  }
}

function quoted(column: string): string {
  return `"${column.replaceAll('"', '""')}"`;
}
