import { isKnown, withStore } from "../contract/open_existing.ts";
import { type Status, statusOf } from "../contract/status_of.ts";
import { DEFAULT_STORE, type Registry, type StoreOptions } from "../contract/registry.ts";
import { shownLocation } from "../runtime/shown_location.ts";

/** Options of {@linkcode status}, and of other functions that print. */
export interface PrintOptions extends Pick<StoreOptions, "backends"> {
  /** True to print nothing and only return. Default: false. */
  readonly quiet?: boolean;
  /** Output for lines. Default: `console.log`. */
  readonly log?: (line: string) => void;
}

/** The type of {@linkcode status}. */
export type StatusFunction = (store?: string | URL, options?: PrintOptions) => Promise<Status>;

/** `status` over the kinds of store that a registry knows. */
export function createStatus(registry: Registry): StatusFunction {
  return async (store = DEFAULT_STORE, { quiet, log = console.log, ...options } = {}) => {
    return await withStore(registry, store, options, async (backend) => {
      const status = { ...await statusOf(backend), store: shownLocation(store) };
      if (!quiet) { for (const line of statusLines(status)) log(line); }
      return status;
    }, isKnown);
  };
}

function statusLines({ store, count, lastRun, keyColumns, failed }: Status): string[] {
  const lines = [`[stet] Store: ${store}`, `[stet] ${count} completed experiments recorded`];
  if (lastRun !== undefined) lines.push(`[stet] Last run: ${lastRun}`);
  if (keyColumns.length > 0) lines.push(`[stet] Key columns: ${keyColumns.join(", ")}`);
  if (failed > 0) lines.push(`[stet] ${failed} failed and not yet run again`);
  return lines;
}
