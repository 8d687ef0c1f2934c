import { isKnown, withStore } from "../contract/open_existing.ts";
import { type RunningStatus, type Status, statusOf } from "../contract/status_of.ts";
import { durationText } from "../display/duration_text.ts";
import { paramsText } from "../values/value_text.ts";
import { countRows, plannedCounter } from "./planned_status.ts";
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
      const counter = await plannedCounter(backend);
      const found = await statusOf(backend, (column) => countRows(backend, column, counter));
      const planned = counter.status();
      const status = { ...found, store: shownLocation(store), ...planned && { planned } };
      if (!quiet) { for (const line of statusLines(status)) log(line); }
      return status;
    }, isKnown);
  };
}

/** Maximum number of runs under way that are printed, those that take longest first. */
const MAX_RUNNING = 5;

function statusLines(status: Status): string[] {
  const { store, count, lastRun, keyColumns, failed, running, planned } = status;
  const lines = [`[stet] Store: ${store}`, `[stet] ${count} completed experiments recorded`];
  if (lastRun !== undefined) lines.push(`[stet] Last run: ${lastRun}`);
  if (keyColumns.length > 0) lines.push(`[stet] Key columns: ${keyColumns.join(", ")}`);
  if (failed > 0) lines.push(`[stet] ${failed} failed and have not succeeded since`);
  if (planned) {
    const { done } = planned;
    const state = done === undefined
      ? `${planned.count} combinations planned`
      : `${done} of ${planned.count} planned combinations are done`;
    lines.push(`[stet] ${state}, by ${planned.command}`);
    const { shards } = planned;
    if (shards) lines.push(`[stet] ${shards.done} of ${shards.count} shards are done`);
  }
  if (running.length > 0) {
    lines.push(`[stet] ${running.length} running`);
    const oldest = running.toSorted((a, b) => (a.since ?? "~") < (b.since ?? "~") ? -1 : 1);
    for (const run of oldest.slice(0, MAX_RUNNING)) lines.push(`[stet]   ${runningText(run)}`);
    if (running.length > MAX_RUNNING) {
      lines.push(`[stet]   and ${running.length - MAX_RUNNING} more`);
    }
  }
  return lines;
}

function runningText({ params, holder, since }: RunningStatus): string {
  const time = since === undefined
    ? ""
    : `, for ${durationText(Math.max(Date.now() - Date.parse(since), 0) / 1000)}`;
  return `${paramsText(params)} (${holder}${time})`;
}
