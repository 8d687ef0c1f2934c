import process from "node:process";
import type { Engine } from "../../core/contract/engine.ts";
import type { Grid } from "../../core/grids/grid.ts";
import { isConfirmed } from "../../core/runtime/is_confirmed.ts";
import { isKeyColumn, NAMESPACE, namespaceIn } from "../../core/values/columns.ts";
import type { Row } from "../../core/values/value.ts";
import type { Output } from "../command.ts";
import { UsageError } from "../usage_error.ts";

/** Rows of a store that do not count, since its grid has a param which they do not have. */
export interface EarlierRows {
  readonly count: number;
  /** Params of the grid that no row has, each with its first value. */
  readonly added: Row;
  /** Params of the rows that the grid does not have. */
  readonly gone: readonly string[];
}

/**
 * Returns the rows of a namespace, if there are rows and a param of the grid is in none of them.
 *
 * @param hasDefault True for a param whose value for earlier rows is known.
 */
export async function earlierRows(
  backend: Engine,
  grid: Grid,
  namespace: string | undefined,
  hasDefault: (name: string) => boolean,
): Promise<EarlierRows | undefined> {
  const columns = await backend.columns();
  const asked = grid.names.filter((name) => !hasDefault(name));
  const isWhole = !columns.includes(NAMESPACE); // every row is of this namespace, or none
  if (isWhole && asked.every((name) => columns.includes(name))) return undefined;
  const missing = new Set(asked);
  const found = new Set<string>();
  let count = 0;
  for await (const row of backend.rows({ columns: [...columns.filter(isKeyColumn), NAMESPACE] })) {
    if (namespaceIn(row) !== namespace) continue;
    count++;
    for (const name of Object.keys(row)) {
      if (isKeyColumn(name) && row[name] !== undefined) found.add(name);
      missing.delete(name);
    }
    if (missing.size === 0) return undefined;
  }
  if (count === 0) return undefined;
  const added = [...missing].map((name) => [name, firstValue(grid, name)] as const);
  return {
    count,
    added: Object.fromEntries(added),
    gone: [...found].filter((name) => !grid.names.includes(name)),
  };
}

/** Returns the first value of a param, as it was written. */
function firstValue(grid: Grid, name: string): Row[string] {
  for (const { names, parts } of grid.factors) {
    const part = names.includes(name) && parts.find((part) => part[name] !== undefined);
    if (part) return grid.spelled(part)[name]!;
  }
  return null;
}

/**
 * Says that rows do not count, and asks on a terminal if all is to run.
 *
 * @param remedy Returns what has the rows count, where params were added.
 * @param mayAsk False to say it only.
 * @throws {UsageError} If the answer is not yes.
 */
export async function confirmEarlierRows(
  { count, added, gone }: EarlierRows,
  grid: Grid,
  store: string,
  remedy: (added: Row) => string,
  { terminal, error }: Output,
  mayAsk: boolean,
): Promise<void> {
  const names = Object.keys(added).join(", ");
  const isOne = count === 1;
  const runs = grid.count === 1 ? "the combination runs" : `all ${grid.count} combinations run`;
  const lack = `no ${names}, and ${isOne ? "does not count" : "none counts"}: ${runs}`;
  const note = gone.length === 0
    ? `${lack}. To have ${isOne ? "it" : "them"} count, say the value of before, as in ` +
      remedy(added)
    : `${gone.join(", ")} and ${lack}. A param that was renamed is a new one`;
  const rows = isOne ? `the row of "${store}" has` : `the ${count} rows of "${store}" have`;
  error(`[stet] Note: ${rows} ${note}`);
  if (!mayAsk || !terminal || !process.stdin.isTTY) return;
  if (await isConfirmed(`[stet] Run ${grid.count}? [y/N] `, process.stderr)) return;
  throw new UsageError("nothing was run");
}
