import type { Failure } from "../contract/backend.ts";
import { writeCell } from "../values/cell.ts";
import type { Engine } from "../contract/engine.ts";
import { isKeyColumn, isReserved, NAMESPACE, namespaceIn } from "../values/columns.ts";
import { keyParams } from "../keys/key.ts";
import { nearestName } from "../values/nearest_name.ts";
import { isKnown, withStore } from "../contract/open_existing.ts";
import type { Registry, StoreOptions } from "../contract/registry.ts";
import type { SweepPlan } from "../contract/sweep_plan.ts";
import { agreesWith } from "../contract/subset_shape.ts";
import { entryOf, type Row, toValue, type Value } from "../values/value.ts";
import { yielding } from "../runtime/yield_timer.ts";

/** Maximum number of nearest rows. */
const MAX_NEAREST = 3;

/** State of params in a store, and the reasons. */
export interface Explanation {
  /** The store's path or URL. */
  readonly store: string;
  /** The params, as stores keep them. */
  readonly params: Row;
  /** `"unknown"`: it never ran, or was interrupted. */
  readonly state: "done" | "running" | "failed" | "unknown";
  /** Number of rows that agree on all params. */
  readonly count: number;
  /** The newest of these rows. */
  readonly row?: Row;
  /** The process that runs it. */
  readonly holder?: string;
  /** The last failure. */
  readonly failure?: Failure;
  /** The rows that differ in the fewest columns, then by the least. */
  readonly nearest: readonly NearRow[];
  /** Sentences about why it may not be done, or not be what was meant. */
  readonly hints: readonly string[];
}

/** A row that differs from the params, and where. */
export interface NearRow {
  /** The row, with all its columns. */
  readonly row: Row;
  /** The columns that differ. */
  readonly differences: readonly Difference[];
}

/** A column in which a row differs; undefined where it is absent. */
export interface Difference {
  /** Name of the column. */
  readonly column: string;
  /** Value in the params. */
  readonly asked: Value | undefined;
  /** Value in the row. */
  readonly stored: Value | undefined;
}

/** The type of {@linkcode explain}. */
export type ExplainFunction<Params = Readonly<Record<string, unknown>>> = (
  store: string | URL,
  params: Params,
  options?: Pick<StoreOptions, "backends">,
) => Promise<Explanation>;

/**
 * `explain` over the kinds of store that a registry knows.
 *
 * @param read Reads the params once the store is open. Default: the input is the params.
 */
export function createExplain<Input = Readonly<Record<string, unknown>>>(
  registry: Registry,
  read?: (input: Input, backend: Engine) => Promise<Row>,
): ExplainFunction<Input> {
  return async (store, input, options = {}) => {
    const asked = toValue(input, "params") as Row;
    if (Object.keys(asked).length === 0) {
      throw new TypeError("Cannot explain no params: name some, as in { alpha: 0.1, seed: 3 }");
    }
    return await withStore(registry, store, options, async (backend) => {
      const params = read ? await read(input, backend) : asked;
      const withDefaults = defaultsOf(await backend.plans());
      let count = 0;
      let row: Row | undefined;
      let nearest: (NearRow & { readonly distance: number })[] = [];
      for await (const each of yielding(backend.rows())) {
        const differences = differencesOf(params, withDefaults(each));
        if (differences.length === 0) {
          count++;
          row = each;
          continue;
        }
        nearest.push({ row: each, differences, distance: sumOfDistances(differences) });
        nearest.sort((a, b) =>
          a.differences.length - b.differences.length || a.distance - b.distance
        );
        nearest = nearest.slice(0, MAX_NEAREST);
      }
      const agrees = agreesWith(params);
      const failure = (await backend.failures()).find((each) => agrees(withDefaults(each.params)));
      const held = (await backend.held()).find(({ key }) => agrees(withDefaults(keyParams(key))));
      const columns = (await backend.columns()).filter((name) => !isReserved(name));
      const near = nearest.map(({ row, differences }) => ({ row, differences }));
      return {
        store: String(store),
        params,
        state: row ? "done" : held ? "running" : failure ? "failed" : "unknown",
        count,
        ...row && { row },
        ...held && { holder: held.holder },
        ...failure && { failure },
        nearest: near,
        hints: row ? hintsOnDone(params, row, count) : hintsOnMissing(params, columns, near),
      };
    }, isKnown);
  };
}

/** Returns what gives rows the defaults of the params that are newer than they are, by the plans of a store. */
function defaultsOf(plans: readonly SweepPlan[]): (row: Row) => Row {
  const plan = plans.find(({ defaults }) => defaults);
  if (plan?.defaults === undefined) return (row) => row;
  const { defaults, namespace } = plan;
  return (row) => (namespaceIn(row) ?? "") === namespace ? { ...defaults, ...row } : row;
}

/** Returns the columns of params in which a row differs. */
function differencesOf(params: Row, row: Row): Difference[] {
  const all = Object.keys(params).map((column) => ({
    column,
    asked: entryOf(params, column),
    stored: entryOf(row, column),
  }));
  return all.filter(({ asked, stored }) => !isSame(asked, stored));
}

/** True if two values are one cell. */
function isSame(a: Value | undefined, b: Value | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined) return false;
  if (typeof a === typeof b && typeof a !== "object" && !Number.isNaN(a)) return false;
  return writeCell(a) === writeCell(b);
}

function sumOfDistances(differences: readonly Difference[]): number {
  return differences.reduce((sum, { asked, stored }) => sum + distanceOf(asked, stored), 0);
}

/** Returns 0 for nearly equal numbers and for one text of two kinds, up to 1 for values without a distance. */
function distanceOf(a: Value | undefined, b: Value | undefined): number {
  if (a !== undefined && b !== undefined && isOtherKind(a, b)) return 0;
  if (typeof a !== "number" || typeof b !== "number") return 1;
  const distance = Math.abs(a - b) / (Math.abs(a) + Math.abs(b));
  return Number.isNaN(distance) ? 1 : distance;
}

function hintsOnDone(params: Row, row: Row, count: number): string[] {
  const absent = Object.keys(params).filter((name) => entryOf(row, name) === undefined);
  if (absent.length > 0) {
    const pairs = absent.map((name) => `${name}=${bare(params[name]!)}`).join(" ");
    return [`the row has no ${absent.join(", ")}: it counts as ${pairs}, the default of the sweep`];
  }
  const more = Object.keys(row).filter((name) =>
    isKeyColumn(name) && entryOf(params, name) === undefined
  );
  if (more.length === 0) return count > 1 ? [`${count} rows say so; the newest is shown`] : [];
  const columns = more.map((name) => name === NAMESPACE ? "a namespace" : name).join(", ");
  return [
    count > 1
      ? `${count} rows agree on this and have ${columns} besides; the newest is shown`
      : `the row has ${columns} besides: a function with those in its key asks for them too`,
  ];
}

function hintsOnMissing(
  params: Row,
  columns: readonly string[],
  near: readonly NearRow[],
): string[] {
  const hints: string[] = [];
  for (const name of Object.keys(params)) {
    if (columns.includes(name) || name === NAMESPACE || columns.length === 0) continue;
    const others = columns.filter((column) => entryOf(params, column) === undefined);
    const nearest = nearestName(name, others);
    hints.push(
      nearest === undefined
        ? `no row has a column "${name}"; if "${name}" is newer than the rows, ` +
          `defaults: { ${name}: … }, or --default ${name}=…, has them count`
        : `there is no column "${name}": did you mean "${nearest}"?`,
    );
  }
  for (const { column, asked, stored } of near[0]?.differences ?? []) {
    if (!columns.includes(column)) continue;
    if (stored === undefined) {
      hints.push(
        `the nearest row has no ${column}; if it was made before there was one, ` +
          `defaults: { ${column}: … }, or --default ${column}=…, has it count`,
      );
    } else if (asked !== undefined && isOtherKind(asked, stored)) {
      hints.push(
        `${column} is the ${kindOf(stored)} ${bare(stored)} in the nearest row, and the ` +
          `${kindOf(asked)} ${bare(asked)} was asked: they differ`,
      );
    } else if (typeof asked === "number" && distanceOf(asked, stored) < 1e-9) {
      hints.push(
        `${column} differs from the nearest row's by rounding only: ${bare(asked)} and ` +
          `${bare(stored)}; round it before the call`,
      );
    }
  }
  return hints;
}

/** True if two values are spelled alike but differ, as `1` and `"1"` do. */
function isOtherKind(a: Value, b: Value): boolean {
  return typeof a !== typeof b && bare(a).toLowerCase() === bare(b).toLowerCase();
}

function kindOf(value: Value): string {
  return typeof value === "string" ? "text" : value === null ? "value" : typeof value;
}

function bare(value: Value): string {
  return typeof value === "string" ? value : writeCell(value);
}
