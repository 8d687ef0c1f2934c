import type { Engine } from "../contract/engine.ts";
import { pick } from "../values/columns.ts";
import { columnHint, nearestColumn } from "../values/nearest_name.ts";
import type { Row } from "../values/value.ts";
import { columnsNamed } from "./condition.ts";
import { parseWhere } from "./where.ts";
import { yielding } from "../runtime/yield_timer.ts";

/** Selection of rows of a store, and of their columns. */
export interface Selection {
  /**
   * Condition that the rows fulfil, as in `alpha > 0.2 and model = 'a'`: comparisons `= != < <= > >=`, `in (…)`,
   * `is absent`, put together with `and`, `or`, `not` and parentheses. Default: all.
   */
  readonly where?: string | undefined;
  /** Columns of the result, in this order. Default: all. */
  readonly columns?: readonly string[] | undefined;
}

/** Selected rows, and their columns. */
export interface Selected {
  readonly columns: readonly string[];
  /** Reads them, one at a time, in bounded memory. */
  rows(): AsyncGenerator<Row>;
}

/**
 * Selects rows of a store; rows are read when they are asked for.
 *
 * @param needed More columns of the rows, such as the ones to sort by.
 * @throws {SyntaxError} If `where` cannot be read. @throws {TypeError} If a column is not there.
 */
export async function selectRows(
  backend: Pick<Engine, "columns" | "rows">,
  { where, columns }: Selection,
  needed: readonly string[] = [],
): Promise<Selected> {
  const known = await backend.columns();
  const whole = columns && wholeNames(columns, known);
  const more = wholeNames(needed, known);
  const isWanted = where === undefined ? undefined : parseWhere(where, known);
  const kept = whole && [...whole, ...more];
  return {
    columns: whole ?? known,
    async *rows(): AsyncGenerator<Row> {
      const isNarrow = kept && !isWanted; // else the condition may need others
      for await (const row of yielding(backend.rows(isNarrow ? { columns: kept } : {}))) {
        if (!isWanted || isWanted(row)) yield kept ? pick(row, kept) : row;
      }
    },
  };
}

/**
 * Returns the columns that names mean: their whole names, or what is after a point in only one of them.
 *
 * @throws {TypeError} If one is not there, or is several.
 */
export function wholeNames(names: readonly string[], known: readonly string[]): string[] {
  return names.map((name) => {
    const [found, ...others] = columnsNamed(name, known);
    if (others.length > 0) {
      const all = [found, ...others].join(" or ");
      throw new TypeError(`Cannot find column "${name}": it can be ${all}; give the whole name`);
    }
    if (found === undefined) checkKnown([name], known);
    return found!;
  });
}

/** Checks that columns are there. @throws {TypeError} If one is not; names the nearest. */
export function checkKnown(names: readonly string[], known: readonly string[]): void {
  for (const name of names) {
    if (known.includes(name)) continue;
    const hint = columnHint(nearestColumn(name, known), known);
    throw new TypeError(`Cannot find column "${name}": ${hint}`);
  }
}
