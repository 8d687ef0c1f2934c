import { encodePlan, type PlannedFactor, type SweepPlan } from "../contract/sweep_plan.ts";
import type { Key } from "../keys/key.ts";
import type { Target } from "../runs/target.ts";
import { readCell, writeCell } from "../values/cell.ts";
import { NAMESPACE } from "../values/columns.ts";
import { toRow } from "../values/to_row.ts";
import { isPlainObject, type Row, setEntry } from "../values/value.ts";
import { factorsOf, type KnownFactors } from "./known_factors.ts";
import type { Items } from "./shard.ts";

/** Maximum number of the parts of all factors together, and of items that are listed. */
const MAX_PARTS = 5_000;
/** Maximum number of places. */
const MAX_PLACES = 20_000;
/** Maximum length of a plan with its factors; beyond, it has a count only. */
const MAX_PLAN_LENGTH = 256 * 1024;

/** Factors of a plan, the places of its combinations among all of them, and defaults. */
type Combinations = Pick<SweepPlan, "count" | "factors" | "places" | "defaults">;

/**
 * Returns the plan of a sweep over items; undefined if their number is not known. It is made of all items,
 * also where a sweep is one shard of them; a shard reads
 * none of the others.
 */
export function planOf(
  target: Target,
  items: Items,
  { command, time, shards }: Pick<SweepPlan, "command" | "time" | "shards">,
): SweepPlan | undefined {
  const known = factorsOf(items);
  const { length } = items as { readonly length?: unknown };
  const found = known
    ? ofFactors(target, known)
    : typeof length === "number"
    ? (shards !== undefined
      ? { count: length, factors: null, places: null }
      : ofItems(target, items, length))
    : undefined;
  if (!found) return undefined;
  const { namespace = "", label } = target;
  // A combination is of a shard by its position, which combinations that are one run have no more.
  const isWhole = known !== undefined && found.count === countOf(known);
  const plan: SweepPlan = {
    namespace,
    label,
    ...found,
    ...shards !== undefined && isWhole && { shards },
    command,
    time,
  };
  if (encodePlan(plan).length <= MAX_PLAN_LENGTH) return plan;
  return { ...plan, factors: null, places: null };
}

function countOf({ factors, places }: KnownFactors): number {
  return places?.length ?? factors.reduce((product, { length }) => product * length, 1);
}

function ofFactors(target: Target, known: KnownFactors): Combinations {
  const { factors, places } = known;
  const count = countOf(known);
  const parts = factors.reduce((sum, { length }) => sum + length, 0);
  const uncounted = { count, factors: null, places: null };
  if (parts > MAX_PARTS || (places?.length ?? 0) > MAX_PLACES) return uncounted;
  try {
    const rows = factors.map(({ names, parts }) => ({
      names,
      parts: parts().map((part) => toRow(part)),
    }));
    const first = rows.some(({ parts }) => parts.length === 0) || !target.backend
      ? undefined
      : target.plan(firstOf(rows)).key;
    const key = first && new Set(Object.keys(first.values));
    const defaults = defaultsIn(first);
    const isWhole = rows.every(({ names }) => names.every((name) => key?.has(name) ?? true));
    if (isWhole) {
      return { count, factors: rows, places: places ? Array.from(places) : null, ...defaults };
    }
    if (places) return uncounted;
    // Combinations that differ in params outside of the key are one run.
    const kept = rows.flatMap((factor) => reduced(factor, key!));
    return {
      count: kept.reduce((product, { parts }) => product * parts.length, 1),
      factors: kept,
      places: null,
      ...defaults,
    };
  } catch {
    return uncounted; // the sweep says what is wrong with an item when it comes to it
  }
}

function firstOf(factors: readonly PlannedFactor[]): Row {
  const first: Row = {};
  for (const { parts } of factors) {
    for (const [name, value] of Object.entries(parts[0]!)) setEntry(first, name, value);
  }
  return first;
}

/** Returns the defaults of a key's columns, if it has any. */
function defaultsIn(key: Key | undefined): Pick<SweepPlan, "defaults"> {
  if (!key || key.shape.defaults.size === 0) return {};
  const defaults: Row = {};
  for (const [name, cell] of key.shape.defaults) setEntry(defaults, name, readCell(cell)!);
  return { defaults };
}

/** Returns a factor without the params outside of a key; nothing if it has no other. */
function reduced(factor: PlannedFactor, key: ReadonlySet<string>): PlannedFactor[] {
  const names = factor.names.filter((name) => key.has(name));
  if (names.length === 0) return [];
  const parts = new Map<string, Row>();
  for (const part of factor.parts) {
    const kept: Row = {};
    for (const name of names) if (Object.hasOwn(part, name)) setEntry(kept, name, part[name]!);
    parts.set(textOf(kept, names), kept);
  }
  return [{ names, parts: [...parts.values()] }];
}

/** Returns the combinations of an array, or of another iterable of known length. */
function ofItems(target: Target, items: Items, length: number): Combinations {
  const uncounted = { count: length, factors: null, places: null };
  if (length > MAX_PARTS || !(Symbol.iterator in items)) return uncounted;
  try {
    const rows = new Map<string, Row>();
    const names = new Set<string>();
    let defaults: Pick<SweepPlan, "defaults"> | undefined;
    for (const item of items) {
      defaults ??= defaultsIn(target.backend && target.plan(item).key);
      const row = rowOf(target, item);
      for (const name of Object.keys(row)) names.add(name);
      rows.set(textOf(row, Object.keys(row).sort()), row);
    }
    const factors = factorsIn([...names], [...rows.values()]);
    return { count: rows.size, factors, places: null, ...defaults };
  } catch {
    return uncounted;
  }
}

function rowOf(target: Target, item: unknown): Row {
  if (!target.backend && isPlainObject(item)) return toRow(item);
  const { [NAMESPACE]: _, ...values } = target.plan(item).key.values;
  return values;
}

/** Returns the factors of distinct rows: a factor for each name if they are every combination, else one in all. */
function factorsIn(names: readonly string[], rows: readonly Row[]): PlannedFactor[] {
  const factors = names.map((name) => {
    const parts = new Map<string, Row>();
    for (const row of rows) {
      const part: Row = {};
      if (Object.hasOwn(row, name)) setEntry(part, name, row[name]!);
      parts.set(textOf(part, [name]), part);
    }
    return { names: [name], parts: [...parts.values()] };
  });
  const product = factors.reduce((count, { parts }) => count * parts.length, 1);
  return product === rows.length ? factors : [{ names, parts: rows }];
}

function textOf(row: Row, names: readonly string[]): string {
  return names.map((name) =>
    `${name}\x1e${Object.hasOwn(row, name) ? writeCell(row[name]!) : "\x1d"}\x1f`
  ).join("");
}
