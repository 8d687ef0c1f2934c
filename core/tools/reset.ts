import process from "node:process";
import { engineOf } from "../contract/adapted_backend.ts";
import type { Engine } from "../contract/engine.ts";
import { agreesWith, subsetShape } from "../contract/subset_shape.ts";
import { type Key, keyOf, keyShape } from "../keys/key.ts";
import { DEFAULT_STORE, type Registry } from "../contract/registry.ts";
import { closeAfter } from "../runtime/close_after.ts";
import { isConfirmed } from "../runtime/is_confirmed.ts";
import { shownLocation } from "../runtime/shown_location.ts";
import { canonicalCell, writeCell } from "../values/cell.ts";
import { NAMESPACE, namespaceIn } from "../values/columns.ts";
import { columnHint, nearestName } from "../values/nearest_name.ts";
import { dictRepr, pythonRepr } from "../values/python_repr.ts";
import { toRow } from "../values/to_row.ts";
import type { Row, Value } from "../values/value.ts";
import { columnsOf, type Condition, parseCondition } from "./condition.ts";
import type { PrintOptions } from "./status.ts";
import { type Where, whereOf } from "./where.ts";

/** Maximum number of near matches in the answer. */
const MAX_NEAR = 5;

/** Options of {@linkcode reset}. */
export interface ResetOptions extends PrintOptions {
  /** Condition of the entries, as `ls` takes it: `date >= '2024-02-01'`. Default: all. */
  readonly where?: string;
  /** True to clear the store without asking. Default: false on a terminal, true elsewhere. */
  readonly yes?: boolean;
}

/** The type of {@linkcode reset}. */
export type ResetFunction = (
  store?: string | URL,
  columns?: Row,
  options?: ResetOptions,
) => Promise<number>;

/** `reset` over the kinds of store that a registry knows. */
export function createReset(registry: Registry): ResetFunction {
  return async (location, columns, options = {}) => {
    const store = location ?? DEFAULT_STORE;
    const { quiet, log = console.log, yes = !process.stdin.isTTY, where, ...rest } = options;
    const say = (line: string): void => quiet ? undefined : log(`[stet] ${line}`);
    const backend = engineOf(await registry.open(store, rest));
    return await closeAfter(async () => {
      if (columns || where !== undefined) {
        const selection = { columns: columns && toRow(columns), where };
        return await resetSelected(backend, selection, say);
      }
      if (
        !yes && !await isConfirmed(`[stet] Clear all records in ${shownLocation(store)}? [y/N] `)
      ) {
        say("Aborted.");
        return 0;
      }
      const { length } = await backend.load();
      await backend.clear();
      say(`Store cleared: ${shownLocation(store)}`);
      return length;
    }, () => backend.close());
  };
}

/** Selection of rows and failures: the ones that agree on all columns and fulfil a condition. */
interface ResetSelection {
  readonly columns?: Row | undefined;
  readonly where?: string | undefined;
}

/**
 * Checks that a store has the columns, and the namespace, that entries are selected by. An empty store has any.
 *
 * @throws {TypeError} If it does not.
 */
export async function checkSelection(backend: Engine, columns: Row): Promise<void> {
  const known = await knownColumns(backend);
  if (known.length === 0) return;
  const { [NAMESPACE]: _, ...others } = columns;
  const unknown = subsetShape(others).columns!.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    const hint = columnHint(nearestName(unknown, known), known);
    throw new TypeError(`Cannot select entries: there is no column "${unknown}"; ${hint}`);
  }
  const own = namespaceIn(columns);
  if (own === undefined) return;
  const namespaces = await namespacesIn(backend);
  if (namespaces.includes(own)) return;
  const nearest = nearestName(own, namespaces);
  const hint = namespaces.length === 0
    ? "no entry has one"
    : nearest === undefined
    ? `the namespaces are ${namespaces.join(", ")}`
    : `did you mean "${nearest}"?`;
  throw new TypeError(`Cannot select entries: there is no namespace "${own}"; ${hint}`);
}

async function namespacesIn(backend: Engine): Promise<string[]> {
  const found = new Set<string>();
  const look = (row: Row): void => {
    const namespace = namespaceIn(row);
    if (namespace !== undefined) found.add(namespace);
  };
  for await (const row of backend.rows({ columns: [NAMESPACE] })) look(row);
  for (const { params } of await backend.failures()) look(params);
  return [...found].sort();
}

/**
 * Removes the selected entries of an open store, reports them, and resolves to the number of rows and
 * failures.
 *
 * @throws {SyntaxError} If `where` cannot be read. @throws {TypeError} If the selection is empty.
 */
export async function resetSelected(
  backend: Engine,
  selection: ResetSelection,
  say: (line: string) => void,
): Promise<number> {
  const { columns, where } = selection;
  const { rows, failures } = await removeSelected(backend, selection);
  const what = [columns && dictRepr(columns), where && `where ${where}`]
    .filter((text) => text !== undefined).join(" ");
  if (rows + failures > 0) {
    say(`Removed entry: ${what}${counted(rows, failures)}`);
    return rows + failures;
  }
  say(`No entry matches: ${what}`);
  if (columns) { for (const line of await nearMatches(backend, columns)) say(line); }
  return 0;
}

function counted(rows: number, failures: number): string {
  if (rows === 1 && failures === 0) return "";
  const texts = ([[rows, "row"], [failures, "failure"]] as const)
    .filter(([count]) => count > 0)
    .map(([count, what]) => `${count} ${what}${count === 1 ? "" : "s"}`);
  return ` (${texts.join(", ")})`;
}

/**
 * Removes the selected rows of a store, in one step, and forgets the selected failures.
 *
 * @throws {SyntaxError} If the condition cannot be read or names a column that is not there.
 * @throws {TypeError} If there is neither a column nor a condition.
 */
async function removeSelected(
  backend: Engine,
  { columns, where }: ResetSelection,
): Promise<{ readonly rows: number; readonly failures: number }> {
  const known = await knownColumns(backend);
  if (where !== undefined && known.length === 0) return { rows: 0, failures: 0 };
  const condition = where === undefined ? undefined : parseCondition(where, known);
  const agrees = agreesWith(columns ?? {});
  const holds = condition && whereOf(condition);
  const isSelected: Where = (row) => agrees(row) && (holds?.(row) ?? true);
  const rows = condition
    ? await removeWhere(backend, condition, columns ?? {}, isSelected, known)
    : await backend.remove(columns ?? {});
  const failed = (await backend.failures()).map(({ params }) => params).filter(isSelected);
  return { rows, failures: failed.length === 0 ? 0 : await backend.forget(failed) };
}

/** Returns the columns of the rows and of the params that failed. */
async function knownColumns(backend: Engine): Promise<string[]> {
  const failed = (await backend.failures()).flatMap(({ params }) => Object.keys(params));
  return [...new Set([...await backend.columns(), ...failed])];
}

/** Removes by keys: rows with equal cells in the selecting columns are all selected, or none is. */
async function removeWhere(
  backend: Engine,
  condition: Condition,
  columns: Row,
  isSelected: Where,
  known: readonly string[],
): Promise<number> {
  const named = [...columnsOf(condition), ...Object.keys(columns)];
  const names = named.length > 0 ? named : known;
  const shape = keyShape(names);
  const keys = new Map<string, Key>();
  for await (const row of backend.rows({ columns: shape.columns! })) {
    if (!isSelected(row)) continue;
    const key = keyOf(shape, row);
    keys.set(key.text, key);
  }
  return keys.size === 0 ? 0 : await backend.removeKeys([...keys.values()]);
}

/** Returns a line for each reason why entries would match if names or kinds of values were others. */
async function nearMatches(backend: Engine, columns: Row): Promise<string[]> {
  const known = await knownColumns(backend);
  const names = subsetShape(columns).columns!;
  const unknown = names.filter((name) => !known.includes(name));
  if (known.length === 0) return [];
  if (unknown.length > 0) {
    return unknown.map((name) =>
      `There is no column "${name}"; ${columnHint(nearestName(name, known), known)}`
    );
  }
  const found = new Map<string, number>();
  const look = (row: Row): void => {
    if (!names.every((name) => loose(row[name]) === loose(columns[name]))) return;
    const text = names.filter((name) => writeCell(row[name]!) !== writeCell(columns[name]!))
      .map((name) => `${name}=${pythonRepr(row[name]!)}, ${kindOf(row[name]!)}`).join("; ");
    found.set(text, (found.get(text) ?? 0) + 1);
  };
  for await (const row of backend.rows({ columns: names })) look(row);
  for (const { params } of await backend.failures()) look(params);
  return [...found].slice(0, MAX_NEAR).map(([text, count]) =>
    `What would match: ${text} (${count === 1 ? "1 entry" : `${count} entries`})`
  );
}

/** Returns a text that equal spellings have in common, whatever the kind of their values. */
function loose(value: Value | undefined): string | undefined {
  if (value === undefined) return undefined;
  return typeof value === "string" ? canonicalCell(value) : writeCell(value);
}

function kindOf(value: Value): string {
  switch (typeof value) {
    case "string":
      return "a text";
    case "number":
    case "bigint":
      return "a number";
    case "boolean":
      return "a boolean";
    default:
      return value === null ? "no text" : "no scalar";
  }
}
