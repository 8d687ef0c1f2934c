import type { Registry } from "../contract/registry.ts";
import type { Status } from "../contract/status_of.ts";
import { setView } from "../display/set_view.ts";
import { createStatus, type StatusFunction } from "./status.ts";

/** `status` over the kinds of store that a registry knows, whose results consoles and notebooks show as a table. */
export function createShownStatus(registry: Registry): StatusFunction {
  const status = createStatus(registry);
  return async (store, options) => {
    const found = await status(store, options);
    setView<Status>(found, ({ store, count, failed, lastRun, keyColumns, resultColumns }) => ({
      title: `Status of ${store}`,
      columns: ["runs", "failed", "last run", "key columns", "result columns"],
      rows: [{
        "runs": count,
        failed,
        "last run": lastRun,
        "key columns": keyColumns.join(", "),
        "result columns": resultColumns.join(", "),
      }],
    }));
    return found;
  };
}
