import { NAMESPACE } from "../../core/values/columns.ts";
import type { Mirror } from "./mirror.ts";
import type { Sql } from "./where_sql.ts";

/** Returns the condition that a row is of a namespace; empty: of none. */
export function namespaceSql(mirror: Mirror, namespace: string): Sql {
  if (!mirror.columns.includes(NAMESPACE)) {
    return { text: namespace === "" ? "1" : "0", values: [] };
  }
  const sql = mirror.sql(NAMESPACE);
  if (namespace === "") return { text: `${sql} IS NULL`, values: [] };
  return { text: `${sql} IS ?`, values: [namespace] };
}
