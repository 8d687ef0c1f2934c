import { canonicalCell, writeCell } from "../values/cell.ts";
import type { Engine } from "../contract/engine.ts";
import { columnsOf, type Condition, parseCondition } from "./condition.ts";
import { type Key, keyOf, keyShape } from "../keys/key.ts";
import { columnHint, nearestName } from "../values/nearest_name.ts";
import { pythonRepr } from "../values/python_repr.ts";
import type { Row, Value } from "../values/value.ts";
import { type Where, whereOf } from "./where.ts";

/** Selection of rows and failures: the ones that agree on all columns and fulfil a condition. */
export interface ResetSelection {
  readonly columns?: Row | undefined;
  readonly where?: string | undefined;
}

/** Numbers of removed entries. */
export interface Removed {
  readonly rows: number;
  readonly failures: number;
}

/**
 * Removes the selected rows of a store, in one step, and forgets the selected failures.
 *
 * @throws {SyntaxError} If the condition cannot be read or names a column that is not there.
 * @throws {TypeError} If there is neither a column nor a condition.
 */
export async function removeSelected(
  backend: Engine,
  { columns, where }: ResetSelection,
): Promise<Removed> {
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

function agreesWith(columns: Row): Where {
  const shape = keyShape(givenIn(columns));
  const { text } = keyOf(shape, columns);
  return (row) => keyOf(shape, row).text === text;
}

function givenIn(columns: Row): string[] {
  return Object.keys(columns).filter((name) => columns[name] !== undefined);
}

/** Maximum number of near matches in the answer. */
const MAX_NEAR = 5;

/** Returns a line for each reason why entries would match if names or kinds of values were others. */
export async function nearMatches(backend: Engine, columns: Row): Promise<string[]> {
  const known = await knownColumns(backend);
  const names = givenIn(columns);
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
