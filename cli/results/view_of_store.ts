import { isKnown, withStore } from "../../core/contract/open_existing.ts";
import type { ViewLimits } from "../../figures/data/view_of.ts";
import { readView } from "../../figures/report/read_view.ts";
import type { View, ViewQuery } from "../../figures/view.ts";
import { registry } from "../registry.ts";
import { asUsage } from "../usage_error.ts";

/**
 * Returns the figures of a store.
 *
 * @throws {UsageError} If the query names a column that is not there. @throws {StoreError} If the store
 * cannot be read.
 */
export async function viewOfStore(
  store: string,
  query: ViewQuery,
  limits: ViewLimits = {},
): Promise<View> {
  return await asUsage(() =>
    withStore(registry, store, {}, (engine) => readView(engine, query, limits), isKnown)
  );
}
