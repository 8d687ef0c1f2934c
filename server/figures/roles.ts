import { isKeyColumn, isReserved } from "../../core/values/columns.ts";
import { areRecords, isParamColumn } from "../../core/values/record_names.ts";

/** The columns of a store by their role. */
export interface Roles {
  /** The columns that identify a run. */
  readonly params: readonly string[];
  /** The columns of saved results. */
  readonly results: readonly string[];
}

/** Returns the columns of params, and those of results. */
export function rolesOf(columns: readonly string[]): Roles {
  if (areRecords(columns)) return { params: columns.filter(isParamColumn), results: [] };
  return {
    params: columns.filter(isKeyColumn),
    results: columns.filter((name) => isReserved(name) && !name.startsWith("_stet_")),
  };
}
