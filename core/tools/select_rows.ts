import type { Engine } from "../contract/engine.ts";
import { nearestName } from "../values/nearest_name.ts";
import { type Row, setEntry } from "../values/value.ts";
import { parseWhere } from "./where.ts";
import { yielding } from "../runtime/yield_timer.ts";

/** Which rows of a store, and what of them. */
export interface Selection {
  /**
   * Which rows, as in `alpha > 0.2 and model = 'a'`: comparisons `= != < <= > >=`, `in (…)`,
   * `is absent`, put together with `and`, `or`, `not` and parentheses. Default: all.
   */
  readonly where?: string;
  /** Which columns, in this order. Default: all. */
  readonly columns?: readonly string[];
}

/** The rows that are selected, and the columns that they have. */
export interface Selected {
  readonly columns: readonly string[];
  /** Reads them, one at a time, in bounded memory. */
  rows(): AsyncGenerator<Row>;
}

/**
 * Selects rows of a store; nothing is read before they are asked for.
 *
 * @param needed More columns that rows are to have, such as those to sort by.
 * @throws {SyntaxError} If `where` cannot be read. @throws {TypeError} If a column is not there.
 */
export async function selectRows(
  backend: Pick<Engine, "columns" | "rows">,
  { where, columns }: Selection,
  needed: readonly string[] = [],
): Promise<Selected> {
  const known = await backend.columns();
  checkKnown([...columns ?? [], ...needed], known);
  const isWanted = where === undefined ? undefined : parseWhere(where, known);
  const kept = columns && [...columns, ...needed];
  return {
    columns: columns ?? known,
    async *rows(): AsyncGenerator<Row> {
      const isNarrow = kept && !isWanted; // else the condition may need others
      for await (const row of yielding(backend.rows(isNarrow ? { columns: kept } : {}))) {
        if (!isWanted || isWanted(row)) yield kept ? pick(row, kept) : row;
      }
    },
  };
}

/** Checks that columns are there. @throws {TypeError} If one is not; names the nearest. */
export function checkKnown(names: readonly string[], known: readonly string[]): void {
  for (const name of names) {
    if (known.includes(name)) continue;
    const result = `result.${name}`;
    const nearest = known.includes(result) ? result : nearestName(name, known);
    throw new TypeError(
      `Cannot find column "${name}": ` +
        (nearest === undefined
          ? `the columns are ${known.join(", ")}`
          : `did you mean "${nearest}"?`),
    );
  }
}

function pick(row: Row, names: readonly string[]): Row {
  const picked: Row = {};
  for (const name of names) {
    if (Object.hasOwn(row, name)) setEntry(picked, name, row[name]!);
  }
  return picked;
}
