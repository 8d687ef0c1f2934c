import type { Failure } from "../contract/backend.ts";
import { writeCell } from "../values/cell.ts";
import type { CompleteBackend } from "../contract/complete_backend.ts";
import { isKeyColumn, isReserved, NAMESPACE } from "../values/columns.ts";
import { keyParams } from "../keys/key_params.ts";
import { nearestName } from "../values/nearest_name.ts";
import { isKnown, withStore } from "../contract/open_existing.ts";
import type { Registry, StoreOptions } from "../contract/registry.ts";
import { type Row, toValue, type Value } from "../values/value.ts";
import { yielding } from "../runtime/yield_timer.ts";

/** How many of the nearest rows are given. */
const NEAREST = 3;

/** Why params are done or not. */
export interface Explanation {
  /** The store's path or URL. */
  readonly store: string;
  /** What was asked about, as stores keep it. */
  readonly params: Row;
  /** `"unknown"`: nothing is known of it; it never ran, or was interrupted. */
  readonly state: "done" | "running" | "failed" | "unknown";
  /** How many rows agree on all params asked about. */
  readonly count: number;
  /** The newest of them. */
  readonly row?: Row;
  /** Who runs it. */
  readonly holder?: string;
  /** How it failed last. */
  readonly failure?: Failure;
  /** The rows that come nearest: those that differ in the fewest columns, then by the least. */
  readonly nearest: readonly NearRow[];
  /** What may be the reason that it is not done, or not what was meant: sentences. */
  readonly hints: readonly string[];
}

/** A row that is not what was asked about, and where it differs. */
export interface NearRow {
  readonly row: Row;
  readonly differences: readonly Difference[];
}

/** A column in which a row differs; undefined where it is absent. */
export interface Difference {
  readonly column: string;
  readonly asked: Value | undefined;
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
 * @param read Gives the params asked about, once the store is open. Default: those given.
 */
export function createExplain<Input = Readonly<Record<string, unknown>>>(
  registry: Registry,
  read?: (input: Input, backend: CompleteBackend) => Promise<Row>,
): ExplainFunction<Input> {
  return async (store, input, options = {}) => {
    const asked = toValue(input, "params") as Row;
    if (Object.keys(asked).length === 0) {
      throw new TypeError("Cannot explain no params: name some, as in { alpha: 0.1, seed: 3 }");
    }
    return await withStore(registry, store, options, async (backend) => {
      const params = read ? await read(input, backend) : asked;
      const names = Object.keys(params);
      let count = 0;
      let row: Row | undefined;
      const nearest = new Nearest(params);
      for await (const each of yielding(backend.rows())) {
        if (names.every((name) => isSame(params[name], own(each, name)))) {
          count++;
          row = each;
        } else nearest.add(each);
      }
      const failure = (await backend.failures()).find((each) => agrees(params, each.params));
      const held = (await backend.claims()).find((each) => agrees(params, keyParams(each.key)));
      const columns = (await backend.columns()).filter((name) => !isReserved(name));
      const near = nearest.rows();
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

/** The rows that differ least, in bounded memory. */
class Nearest {
  readonly #params: Row;
  readonly #names: readonly string[];
  #kept: { readonly row: Row; readonly count: number; readonly distance: number }[] = [];

  constructor(params: Row) {
    this.#params = params;
    this.#names = Object.keys(params);
  }

  add(row: Row): void {
    let count = 0;
    let distance = 0;
    for (const name of this.#names) {
      const stored = own(row, name);
      if (isSame(this.#params[name], stored)) continue;
      count++;
      distance += distanceOf(this.#params[name], stored);
    }
    const last = this.#kept.at(-1);
    const isFull = this.#kept.length === NEAREST;
    if (isFull && (count > last!.count || (count === last!.count && distance >= last!.distance))) {
      return;
    }
    if (isFull) this.#kept.pop();
    this.#kept.push({ row, count, distance });
    this.#kept.sort((a, b) => a.count - b.count || a.distance - b.distance);
  }

  /** Those that have anything in common with the params, or could have. */
  rows(): NearRow[] {
    return this.#kept.map(({ row }) => ({
      row,
      differences: this.#names.filter((name) => !isSame(this.#params[name], own(row, name)))
        .map((column) => ({ column, asked: this.#params[column], stored: own(row, column) })),
    }));
  }
}

function own(row: Row, name: string): Value | undefined {
  return Object.hasOwn(row, name) ? row[name] : undefined;
}

/** Whether two values are one cell. */
function isSame(a: Value | undefined, b: Value | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined) return false;
  if (typeof a === typeof b && typeof a !== "object" && !Number.isNaN(a)) return false;
  return writeCell(a) === writeCell(b);
}

/** From 0 for numbers that are nearly equal, or one text of two kinds, to 1 for what has no distance. */
function distanceOf(a: Value | undefined, b: Value | undefined): number {
  if (a !== undefined && b !== undefined && isOtherKind(a, b)) return 0;
  if (typeof a !== "number" || typeof b !== "number") return 1;
  const distance = Math.abs(a - b) / (Math.abs(a) + Math.abs(b));
  return Number.isNaN(distance) ? 1 : distance;
}

/** Whether a failed or running key agrees on all params; it may have more. */
function agrees(params: Row, key: Row): boolean {
  return Object.keys(params).every((name) => isSame(params[name], own(key, name)));
}

function hintsOnDone(params: Row, row: Row, count: number): string[] {
  const more = Object.keys(row).filter((name) =>
    isKeyColumn(name) && own(params, name) === undefined
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
    const others = columns.filter((column) => own(params, column) === undefined);
    const nearest = nearestName(name, others);
    hints.push(
      nearest === undefined
        ? `no row has a column "${name}"; if "${name}" is newer than the rows, ` +
          `defaults: { ${name}: … } has them count`
        : `there is no column "${name}": did you mean "${nearest}"?`,
    );
  }
  for (const { column, asked, stored } of near[0]?.differences ?? []) {
    if (!columns.includes(column)) continue;
    if (stored === undefined) {
      hints.push(
        `the nearest row has no ${column}; if it was made before there was one, ` +
          `defaults: { ${column}: … } has it count`,
      );
    } else if (asked !== undefined && isOtherKind(asked, stored)) {
      hints.push(
        `${column} is the ${kindOf(stored)} ${bare(stored)} in the nearest row, and the ` +
          `${kindOf(asked)} ${bare(asked)} was asked: they differ`,
      );
    } else if (isNoise(asked, stored)) {
      hints.push(
        `${column} differs from the nearest row's by rounding only: ${bare(asked!)} and ` +
          `${bare(stored)}; round it before the call`,
      );
    }
  }
  return hints;
}

/** Whether two values are spelled alike but differ, as `1` and `"1"` do. */
function isOtherKind(a: Value, b: Value): boolean {
  return typeof a !== typeof b && bare(a).toLowerCase() === bare(b).toLowerCase();
}

function isNoise(a: Value | undefined, b: Value | undefined): boolean {
  return typeof a === "number" && typeof b === "number" && distanceOf(a, b) < 1e-9;
}

function kindOf(value: Value): string {
  return typeof value === "string" ? "text" : value === null ? "value" : typeof value;
}

function bare(value: Value): string {
  return typeof value === "string" ? value : writeCell(value);
}
