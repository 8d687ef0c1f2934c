import { entryOf, type Row, setEntry } from "./value.ts";

/** The mark of a whole row, always its last column: when it was recorded, ISO 8601 in UTC. */
export const TIMESTAMP = "_stet_timestamp";
/** Duration of the run, in seconds. */
export const ELAPSED = "_stet_elapsed";
/** The program that made the row: a hash of its source, see core/keys/source.ts. */
export const SOURCE = "_stet_source";
/** The namespace of the row, where several functions share a store. */
export const NAMESPACE = "_stet_namespace";

/** True if a column is stet's own or a result: never a param. */
export function isReserved(column: string): boolean {
  return column.startsWith("_stet_") || column === "result" || column.startsWith("result.");
}

/** True if a column says when, how long and by which source a run ran, and neither its key nor its result. */
export function isDetail(column: string): boolean {
  return column === TIMESTAMP || column === ELAPSED || column === SOURCE;
}

/** Returns the source of a row; empty if it has none. */
export function sourceIn(row: Row): string {
  return Object.hasOwn(row, SOURCE) ? String(row[SOURCE]) : "";
}

/** Returns the namespace of a row or key, or undefined. */
export function namespaceIn(row: Row): string | undefined {
  return row[NAMESPACE] === undefined ? undefined : String(row[NAMESPACE]);
}

/** Returns a row with some of its columns, in this order. */
export function pick(row: Row, names: readonly string[]): Row {
  const picked: Row = {};
  for (const name of names) {
    const value = entryOf(row, name);
    if (value !== undefined) setEntry(picked, name, value);
  }
  return picked;
}

/** True if a column takes part in a key without declared columns. */
export function isKeyColumn(column: string): boolean {
  return column === NAMESPACE || !isReserved(column);
}

/** Control characters, and halves of surrogate pairs, which UTF-8 cannot spell. */
const UNFIT = /[\p{Cc}\p{Cs}]/u;

/** Names that were found fit: rows have the same names again and again. */
const fit = new Set<string>();
const MAX_FIT = 10_000;

/** True if a column of any store may have this name: it reads back as it was written. */
export function isFitName(name: string): boolean {
  if (fit.has(name)) return true;
  if (name === "" || UNFIT.test(name)) return false;
  if (fit.size < MAX_FIT) fit.add(name);
  return true;
}

/** @throws {TypeError} If no column of any store may have this name: {@linkcode isFitName}. */
export function checkColumn(name: string): void {
  if (!isFitName(name)) throw unfitName(name, "column");
}

/** @throws {TypeError} If no param may have this name: it is reserved, or unfit for a column. */
export function checkParamName(name: string): void {
  if (isReserved(name)) {
    throw new TypeError(
      `Cannot use "${name}" as a param: names that begin with "_stet_", "result" and "result.…" ` +
        `are columns of stet's own; rename the param`,
    );
  }
  if (!isFitName(name)) throw unfitName(name, "param");
}

function unfitName(name: string, kind: "column" | "param"): TypeError {
  return new TypeError(
    `Cannot use ${JSON.stringify(name)} as a ${kind}: a name needs at least one character, and ` +
      `no control characters or lone surrogates; rename the ${kind}`,
  );
}

/**
 * Returns columns with `added` among them: params and results in order of arrival, then stet's own, the
 * timestamp last. It is the same array if nothing changes.
 */
export function orderColumns(
  columns: readonly string[],
  added: Iterable<string>,
): readonly string[] {
  const all = new Set(columns);
  for (const name of added) all.add(name);
  if (all.size === columns.length && (!all.has(TIMESTAMP) || columns.at(-1) === TIMESTAMP)) {
    return columns;
  }
  const rank = (name: string): number =>
    name === TIMESTAMP ? 3 : name.startsWith("_stet_") ? 2 : isReserved(name) ? 1 : 0;
  const names = [...all];
  return [0, 1, 2, 3].flatMap((wanted) => names.filter((name) => rank(name) === wanted));
}
