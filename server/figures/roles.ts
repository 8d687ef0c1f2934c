import { isKeyColumn, isReserved } from "../../core/values/columns.ts";
import { areRecords, isParamColumn } from "../../core/values/record_names.ts";

/** The columns of a store by what they hold. */
export interface Roles {
  /** What says which run it is. */
  readonly params: readonly string[];
  /** What runs returned. */
  readonly results: readonly string[];
}

/** Which of a store's columns hold params, and which results. */
export function rolesOf(columns: readonly string[]): Roles {
  if (areRecords(columns)) return { params: columns.filter(isParamColumn), results: [] };
  return {
    params: columns.filter(isKeyColumn),
    results: columns.filter((name) => isReserved(name) && !name.startsWith("_stet_")),
  };
}
