import path from "node:path";
import type { Engine } from "../../core/contract/engine.ts";
import { keyParams } from "../../core/keys/key.ts";
import { shownLocation } from "../../core/runtime/shown_location.ts";
import { yielding } from "../../core/runtime/yield_timer.ts";
import type { Row } from "../../core/values/value.ts";
import { Columns } from "../data/columns/columns.ts";
import { noFacts } from "../data/view_facts.ts";
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
  limits: ViewLimits = {},
): Promise<View> {
  const columns = new Columns();
  let batch: Row[] = [];
  for await (const row of yielding(engine.rows())) {
    batch.push(row);
    if (batch.length < BATCH) continue;
    columns.add(batch);
    batch = [];
  }
  columns.add(batch);
  const held = await engine.held();
  const location = shownLocation(engine.location);
  const facts = noFacts({
    store: path.basename(location),
    location,
    failures: await engine.failures(),
    claims: held.map(({ key, holder }) => ({ key, holder, params: keyParams(key), since: null })),
  });
  return viewOfColumns(columns, query, facts, limits);
}
