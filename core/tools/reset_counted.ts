import type { Failure } from "../contract/backend.ts";
import type { Engine } from "../contract/engine.ts";
import { type Key, keyOf, keyShape } from "../keys/key.ts";
import { yielding } from "../runtime/yield_timer.ts";
import { isKeyColumn } from "../values/columns.ts";
import { areRecords, isParamColumn } from "../values/record_names.ts";
import type { Row } from "../values/value.ts";
import { parseWhere, type Where } from "./where.ts";

/** Entries of a store, named by a condition, or by the texts of their keys. */
export interface Entries {
  /** A condition as `stet ls --where` takes it. */
  readonly where?: string | undefined;
  /** Texts of keys, as claims and views have them. */
  readonly keys?: readonly string[] | undefined;
  /** True for all entries. Without it, a condition or keys are needed. */
  readonly all?: boolean | undefined;
}

/** The number of rows and of failures. */
export interface EntryCounts {
  readonly rows: number;
  readonly failures: number;
}

/** The entries that were selected. */
export interface SelectedEntries {
  readonly counts: EntryCounts;
  /** The keys of exactly the rows that were counted, of one shape. */
  readonly keys: readonly Key[];
  readonly failed: readonly Row[];
}

/**
 * Selects entries of a store: its rows, and the failures that `stet reset` would forget.
 *
 * @throws {SyntaxError} If the condition cannot be read or names a column that is not there.
 * @throws {TypeError} If nothing says which entries.
 */
export async function selectEntries(engine: Engine, entries: Entries): Promise<SelectedEntries> {
  const columns = await engine.columns();
  const failures = await engine.failures();
  const isSelected = selector(entries, columns, failures);
  const shape = keyShape(columns); // all cells: rows that are recorded meanwhile are others
  const keys = new Map<string, Key>();
  let rows = 0;
  for await (const row of yielding(engine.rows())) {
    if (!isSelected(row)) continue;
    rows++;
    const key = keyOf(shape, row);
    keys.set(key.text, key);
  }
  const failed = failures.map(({ params }) => params).filter(isSelected);
  return { counts: { rows, failures: failed.length }, keys: [...keys.values()], failed };
}

/** Removes selected entries, and returns the numbers that were removed. */
export async function removeEntries(
  engine: Engine,
  { keys, failed }: SelectedEntries,
): Promise<EntryCounts> {
  return {
    rows: keys.length === 0 ? 0 : await engine.removeKeys(keys),
    failures: failed.length === 0 ? 0 : await engine.forget(failed),
  };
}

/** Returns the failures that are selected. Throws as {@linkcode selectEntries}. */
export async function selectFailures(
  engine: Engine,
  entries: Entries,
): Promise<readonly Failure[]> {
  const failures = await engine.failures();
  const isSelected = selector(entries, [], failures);
  return failures.filter(({ params }) => isSelected(params));
}

function selector(
  { where, keys, all = false }: Entries,
  columns: readonly string[],
  failures: readonly Failure[],
): Where {
  if (where === undefined && keys === undefined) {
    if (all) return () => true;
    throw new TypeError("Cannot select entries: give where, keys or all");
  }
  const names = [
    ...new Set([...columns, ...failures.flatMap(({ params }) => Object.keys(params))]),
  ];
  const holds = where === undefined || names.length === 0 ? undefined : parseWhere(where, names);
  if (where !== undefined && !holds) return () => false; // a store without a column has no entries
  const wanted = keys && new Set(keys);
  const open = keyShape(undefined);
  const isParam = areRecords(columns) ? isParamColumn : isKeyColumn;
  const paramsOf = (row: Row): Row =>
    Object.fromEntries(Object.entries(row).filter(([name]) => isParam(name)));
  return (row) => (holds?.(row) ?? true) && (wanted?.has(keyOf(open, paramsOf(row)).text) ?? true);
}
