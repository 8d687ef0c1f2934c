import { type ColumnType, hashParams } from "../keys/hash_params.ts";
import type { TableColumns } from "../contract/records_backend.ts";
import type { Row, Value } from "../values/value.ts";

/** Maximum number of integral numbers in columns of floats of which every combination is tried. */
const MAX_MIXED = 6;

/** Returns the id of params: their hash, in which numbers of a column of floats are floats. */
export function idOf(params: Row, columns: TableColumns | undefined): string {
  return hashParams(params, { columns: floats(realNames(columns)) });
}

/**
 * Returns the other ids that Python's entropic may give the same params: there, `1` and `1.0` are two params,
 * and one value in a column of floats.
 */
export function otherIds(params: Row, columns: TableColumns | undefined): string[] {
  const real = realNames(columns);
  const open = Object.entries(columns ?? {}).filter(([name, type]) =>
    /^(?:real|number)/.test(type) && isInt64(params[name])
  ).map(([name]) => name);
  if (open.length === 0) return [];
  const closed = real.filter((name) => !open.includes(name));
  const subsets = open.length > MAX_MIXED ? [[], open] : subsetsOf(open);
  const integers = Object.fromEntries(open.map((name) => [name, BigInt(params[name] as number)]));
  const ids = new Set(
    subsets.map((names) =>
      hashParams({ ...params, ...integers }, { columns: floats([...closed, ...names]) })
    ),
  );
  ids.delete(idOf(params, columns));
  return [...ids];
}

/** True for a number that is an integer which SQLite can keep, also where it is above 2^53. */
function isInt64(value: Value | undefined): boolean {
  return Number.isInteger(value) && Math.abs(value as number) < 2 ** 63;
}

function subsetsOf(names: readonly string[]): string[][] {
  return names.reduce<string[][]>(
    (subsets, name) => [...subsets, ...subsets.map((subset) => [...subset, name])],
    [[]],
  );
}

function realNames(columns: TableColumns | undefined): string[] {
  return Object.entries(columns ?? {}).filter(([, type]) => /^real/.test(type)).map(([name]) =>
    name
  );
}

function floats(names: readonly string[]): Record<string, ColumnType> {
  return Object.fromEntries(names.map((name) => [name, "real"]));
}

/** @throws {TypeError} If an id cannot be a part of a file name: nothing is written outside the folder. */
export function checkId(id: string): void {
  const isName = !/[/\\\p{Cc}\p{Cs}]/u.test(id) && id !== "." && id !== "..";
  if (isName && !/\.partial(?:-[0-9a-f]{8})?$/.test(id)) return;
  throw new TypeError(
    `Cannot use ${JSON.stringify(id)} as an id: it becomes the name of a file, so it must not be ` +
      `"." or "..", hold "/", "\\" or control characters, or end with ".partial"`,
  );
}
