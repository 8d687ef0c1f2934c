import { plainNumber } from "./figure.ts";
import type { Mirror } from "./mirror.ts";
import { FALSE_SQL, TRUE_SQL } from "./mirror_value.ts";
import { rolesOf } from "./roles.ts";
import { isNumberSql } from "./where_sql.ts";

/** What a column holds. */
export interface ColumnFigures {
  readonly name: string;
  readonly role: "param" | "result" | "detail";
  /** How many rows have a number (not NaN), a boolean, a text, something else, nothing. */
  readonly numbers: number;
  readonly booleans: number;
  readonly texts: number;
  readonly others: number;
  readonly absent: number;
  /** How many different values a param has; null for other columns. */
  readonly distinct: number | null;
  readonly least: number | null;
  readonly most: number | null;
}

/** What each column of a store holds, in the store's order. */
export function columnFigures(mirror: Mirror): ColumnFigures[] {
  const { params, results } = rolesOf(mirror.columns);
  return mirror.columns.map((name) => {
    const sql = mirror.sql(name);
    const isParam = params.includes(name);
    const number = isNumberSql(sql);
    const boolean = `(${sql} IS ${TRUE_SQL} OR ${sql} IS ${FALSE_SQL})`;
    const [figures = []] = mirror.all({
      text: `SELECT sum(${number}), sum(${boolean}), sum(typeof(${sql}) = 'text'), ` +
        `sum(${sql} IS NULL), min(CASE WHEN ${number} THEN ${sql} END), ` +
        `max(CASE WHEN ${number} THEN ${sql} END), ` +
        `${isParam ? `count(DISTINCT ${sql})` : "NULL"} FROM ${mirror.table}`,
      values: [],
    });
    const [numbers, booleans, texts, absent, least, most, distinct] = figures.map(plainNumber);
    const counts = [numbers, booleans, texts, absent].map((count) => count ?? 0);
    return {
      name,
      role: isParam ? "param" : results.includes(name) ? "result" : "detail",
      numbers: counts[0]!,
      booleans: counts[1]!,
      texts: counts[2]!,
      others: mirror.count - counts.reduce((sum, count) => sum + count, 0),
      absent: counts[3]!,
      distinct: distinct ?? null,
      least: least ?? null,
      most: most ?? null,
    };
  });
}
