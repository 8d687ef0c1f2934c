import { axisOf, type PlacedAxis } from "./axis.ts";
import { rolesOf } from "./column_figures.ts";
import type { Axis, Heatmap, HeatmapQuery } from "./figures_schemas.ts";
import type { Mirror } from "../mirror/mirror.ts";
import { FALSE_SQL, numberOf, TRUE_SQL } from "../mirror/mirror_value.ts";
import { conditionOf } from "../mirror/select.ts";
import { isNumberSql, type Sql } from "../mirror/where_sql.ts";

/**
 * Returns the heat map of the rows that fulfil a condition. The value of a cell is the mean of its
 * numbers (booleans count as 0 and 1), or the number of keys.
 *
 * @throws {TypeError} If a column is not there. @throws {SyntaxError} If `where` cannot be read.
 */
export function heatmapOf(mirror: Mirror, { x, y, color, where }: HeatmapQuery): Heatmap {
  if (mirror.columns.length === 0) { // any column may come
    return { x: emptyAxis(x), y: y === undefined ? null : emptyAxis(y), color, cells: [] };
  }
  const condition = conditionOf(mirror, where);
  const across = axisOf(mirror, x, condition);
  const down = y === undefined ? undefined : axisOf(mirror, y, condition);
  const axes = [across, ...down ? [down] : []];
  const conditions = [condition, ...axes.map(({ isOn }) => isOn)];
  const on: Sql = {
    text: conditions.map(({ text }) => `(${text})`).join(" AND "),
    values: conditions.flatMap(({ values }) => values),
  };
  const groups = axes.map(({ group }) => group).join(", ");
  const numbers = axes.map((_, i) => i + 1).join(", ");
  const [aggregates, from] = color === "done" ? ["count(*)", keysSql(mirror, axes, on)] : [
    "count(v), avg(v), min(v), max(v)",
    `(SELECT *, ${numberSql(mirror, color)} AS v FROM ${mirror.table} WHERE ${on.text})`,
  ];
  const rows = mirror.db.all(
    `SELECT ${groups}, ${aggregates} FROM ${from} GROUP BY ${numbers}`,
    on.values,
  );
  return {
    x: across.axis,
    y: down?.axis ?? null,
    color,
    cells: rows.map((cells) => {
      const [count = 0, mean, least, most] = cells.slice(axes.length).map(numberOf);
      return {
        x: across.partOf(cells[0]!),
        y: down ? down.partOf(cells[1]!) : 0,
        count: count ?? 0,
        value: color === "done" ? count : mean ?? null,
        least: least ?? null,
        most: most ?? null,
      };
    }),
  };
}

function emptyAxis(column: string): Axis {
  return { column, parts: [], left_out: { values: 0, rows: 0 } };
}

/** Selects each key once: a run that was recorded twice is done once. */
function keysSql(mirror: Mirror, axes: readonly PlacedAxis[], on: Sql): string {
  const { params } = rolesOf(mirror.columns);
  const names = new Set([...params, ...axes.map(({ axis }) => axis.column)]);
  const columns = [...names].map((name) => mirror.sql(name))
    .filter((sql) => sql !== "NULL").join(", ") || "NULL"; // no row has a cell in any
  return `(SELECT DISTINCT ${columns} FROM ${mirror.table} WHERE ${on.text})`;
}

function numberSql(mirror: Mirror, color: string): string {
  if (color === "duration") return "took";
  const sql = mirror.sql(color);
  return `CASE WHEN ${isNumberSql(sql)} THEN ${sql} WHEN ${sql} IS ${TRUE_SQL} THEN 1 ` +
    `WHEN ${sql} IS ${FALSE_SQL} THEN 0 END`;
}
