import { canonicalCell, writeCell } from "../values/cell.ts";
import type { Engine } from "../contract/engine.ts";
import { columnsOf, type Condition, parseCondition } from "./condition.ts";
import { type Key, keyOf, keyShape } from "../keys/key.ts";
import { nearestName } from "../values/nearest_name.ts";
import { pythonRepr } from "../values/python_repr.ts";
import type { Row, Value } from "../values/value.ts";
import { type Where, whereOf } from "./where.ts";

/** Which entries of a store: the rows and failures that agree on all columns and for which a condition holds. */
export interface ResetSelection {
  readonly columns?: Row | undefined;
  readonly where?: string | undefined;
}

/** How many entries were removed. */
export interface Removed {
  readonly rows: number;
  readonly failures: number;
}

/**
 * Removes the rows of a store that are selected, in one step, and forgets the failures that are.
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

/** The columns of a store's rows and of the params that failed. */
async function knownColumns(backend: Engine): Promise<string[]> {
  const failed = (await backend.failures()).flatMap(({ params }) => Object.keys(params));
  return [...new Set([...await backend.columns(), ...failed])];
}

/** Rows that have equal cells in the columns asked about are all selected, or none of them. */
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

/** Says which entries would match if names or kinds of values were others: a line for each reason. */
export async function nearMatches(backend: Engine, columns: Row): Promise<string[]> {
  const known = await knownColumns(backend);
  const names = givenIn(columns);
  const unknown = names.filter((name) => !known.includes(name));
  if (known.length === 0) return [];
  if (unknown.length > 0) {
    return unknown.map((name) => {
      const nearest = nearestName(name, known);
      const advice = nearest === undefined
        ? `the columns are ${known.join(", ")}`
        : `did you mean "${nearest}"?`;
      return `There is no column "${name}"; ${advice}`;
    });
  }
  const found = new Map<string, number>();
  const look = (row: Row): void => {
    if (!names.every((name) => loose(row[name]) === loose(columns[name]))) return;
    const others = names.filter((name) => writeCell(row[name]!) !== writeCell(columns[name]!));
    const text = others.map((name) => `${name}=${pythonRepr(row[name]!)}, ${kindOf(row[name]!)}`);
    found.set(text.join("; "), (found.get(text.join("; ")) ?? 0) + 1);
  };
  for await (const row of backend.rows({ columns: names })) look(row);
  for (const { params } of await backend.failures()) look(params);
  return [...found].slice(0, MOST_NEAR).map(([text, count]) =>
    `What would match: ${text} (${count === 1 ? "1 entry" : `${count} entries`})`
  );
}

/** Maximum number of near matches in the answer. */
const MOST_NEAR = 5;

/** A text that equal spellings have in common, of whatever kind their values are. */
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
