import type { Failure } from "../../core/contract/backend.ts";
import type { Engine } from "../../core/contract/engine.ts";
import { yielding } from "../../core/runtime/yield_timer.ts";
import { isKeyColumn, NAMESPACE } from "../../core/values/columns.ts";
import type { Row } from "../../core/values/value.ts";
import { Columns } from "../../figures/data/columns/columns.ts";
import { failureGroups } from "../../figures/data/failure_groups.ts";
import { Selection } from "../../figures/data/selection.ts";
import { storeFacts } from "../../figures/data/store_facts.ts";
import type { FailureGroup } from "../../figures/view.ts";

/** The number of rows that are added at a time. */
const BATCH = 1000;

/** Returns some failures of a store in groups of one message, the largest first. */
export async function groupedFailures(
  engine: Engine,
  failures: readonly Failure[],
): Promise<readonly FailureGroup[]> {
  const columns = new Columns();
  const names = [...(await engine.columns()).filter(isKeyColumn), NAMESPACE];
  let batch: Row[] = [];
  for await (const row of yielding(engine.rows({ columns: names }))) {
    if (batch.push(row) < BATCH) continue;
    columns.add(batch);
    batch = [];
  }
  columns.add(batch);
  const facts = { ...await storeFacts(engine, engine.location, Date.now()), failures };
  const selection = new Selection(columns, {}, facts);
  const { namespaces } = selection.choices;
  const selections = namespaces.length === 0
    ? [selection]
    : namespaces.map((namespace) => new Selection(columns, { namespace }, facts));
  return selections.flatMap(failureGroups).sort((a, b) => b.count - a.count);
}
