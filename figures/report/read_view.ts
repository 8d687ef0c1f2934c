import type { Engine } from "../../core/contract/engine.ts";
import { shownLocation } from "../../core/runtime/shown_location.ts";
import { yielding } from "../../core/runtime/yield_timer.ts";
import type { Row } from "../../core/values/value.ts";
import { Columns } from "../data/columns/columns.ts";
import { storeFacts } from "../data/store_facts.ts";
import { type ViewLimits, viewOfColumns } from "../data/view_of.ts";
import type { View, ViewQuery } from "../view.ts";

/** Number of rows that are added at a time. */
const BATCH = 1000;

/**
 * Reads an open store and returns its figures.
 *
 * @throws {TypeError} If the query names a column that is not there. @throws {SyntaxError} If its condition
 * cannot be read.
 */
export async function readView(
  engine: Engine,
  query: ViewQuery,
  limits?: ViewLimits,
): Promise<View>;
/** @param limits `maxRows`: undefined is returned for a store that has more. */
export async function readView(
  engine: Engine,
  query: ViewQuery,
  limits: ViewLimits & { readonly maxRows: number },
): Promise<View | undefined>;
export async function readView(
  engine: Engine,
  query: ViewQuery,
  { maxRows = Infinity, ...limits }: ViewLimits & { readonly maxRows?: number } = {},
): Promise<View | undefined> {
  const columns = new Columns();
  let batch: Row[] = [];
  for await (const row of yielding(engine.rows())) {
    batch.push(row);
    if (batch.length < BATCH) continue;
    columns.add(batch);
    batch = [];
    if (columns.length > maxRows) return undefined;
  }
  columns.add(batch);
  const facts = await storeFacts(engine, shownLocation(engine.location), Date.now());
  return viewOfColumns(columns, query, facts, limits);
}
