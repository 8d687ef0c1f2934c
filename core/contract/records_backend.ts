import type { Backend, MaybePromise } from "./backend.ts";
import type { Engine } from "./engine.ts";
import type { ColumnType } from "../keys/hash_params.ts";
import { type Row, setEntry } from "../values/value.ts";

/** The type of a column as a table has it; `"number"` where it does not say which kind. */
export type TableType = ColumnType | "number" | "number?" | "time" | "time?" | "date" | "date?";

/**
 * Types of the params' columns by name.
 *
 * @internal
 */
export type TableColumns = Readonly<Record<string, TableType>>;

/** A backend whose table has typed columns. Rows are the records of a `Store`. */
export interface RecordsBackend extends Engine {
  /**
   * The types of the params' columns; undefined while there is no table.
   *
   * @param first Makes the table if there is none; if no columns were declared, for these params.
   */
  recordColumns(first?: Row): MaybePromise<TableColumns | undefined>;
}

/** The backend as one with typed columns, if it is one. */
export function recordsBackend(backend: Backend): RecordsBackend | undefined {
  return "recordColumns" in backend ? backend as RecordsBackend : undefined;
}

/** Returns the declared columns, with the table's types of times; without declared columns, the table's. */
export function columnsOf(
  declared: TableColumns | undefined,
  table: TableColumns | undefined,
): TableColumns | undefined {
  if (!declared || !table) return declared ?? table;
  const types: Record<string, TableType> = {};
  for (const [name, type] of Object.entries(declared)) {
    setEntry(types, name, /^(?:time|date)/.test(table[name] ?? "") ? table[name]! : type);
  }
  return types;
}
