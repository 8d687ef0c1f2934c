import type { ColumnFigures } from "./figures_schemas.ts";
import type { Mirror } from "../mirror/mirror.ts";
import { numberOf } from "../mirror/mirror_value.ts";
import { rolesOf } from "./roles.ts";

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
