import { isKeyColumn, isReserved } from "../../core/values/columns.ts";
import { areRecords, isParamColumn } from "../../core/values/record_names.ts";

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
