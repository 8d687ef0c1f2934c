import { isKeyColumn, isReserved } from "../../core/values/columns.ts";
import { areRecords, isParamColumn } from "../../core/values/record_names.ts";
import type { ColumnFigures } from "./figures_schemas.ts";
import type { Mirror } from "../mirror/mirror.ts";
import { numberOf } from "../mirror/mirror_value.ts";

/** Returns the contents of each column of a store, in its order. */
export function columnFigures(mirror: Mirror): ColumnFigures[] {
  const { params, results } = rolesOf(mirror.columns);
  return mirror.columns.map((name) => {
    const isParam = params.includes(name);
    const kinds = mirror.kinds(name);
    const [nulls, booleans, numbers, texts, others] = kinds;
    return {
      name,
      role: isParam ? "param" : results.includes(name) ? "result" : "detail",
      nulls,
      booleans,
      numbers,
      texts,
      others,
      absent: mirror.count - kinds.reduce((sum, count) => sum + count, 0),
      distinct: isParam ? distinctOf(mirror, name) : null,
    };
  });
}

function distinctOf(mirror: Mirror, name: string): number {
  const few = mirror.distinct(name);
  if (few) return few.filter((cell) => cell !== null).length;
  const [[count] = []] = mirror.db.all(
    `SELECT count(DISTINCT ${mirror.sql(name)}) FROM ${mirror.table}`,
  );
  return numberOf(count) ?? 0;
}

/** Returns the columns that identify a run, and those of saved results. */
export function rolesOf(
  columns: readonly string[],
): Readonly<Record<"params" | "results", readonly string[]>> {
  if (areRecords(columns)) return { params: columns.filter(isParamColumn), results: [] };
  return {
    params: columns.filter(isKeyColumn),
    results: columns.filter((name) => isReserved(name) && !name.startsWith("_stet_")),
  };
}
