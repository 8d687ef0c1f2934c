import { countGroups } from "../../figures/data/columns/cells.ts";
import type { Columns } from "../../figures/data/columns/columns.ts";
import { keyNames, meanSeconds, progressOf as viewProgress } from "../../figures/data/progress.ts";
import type { ViewFacts } from "../../figures/data/view_facts.ts";
import type { Progress } from "./figures_schemas.ts";

/** Returns how far the work has come, as `/v1/progress` answers. */
export function progressOf(columns: Columns, facts: ViewFacts): Progress {
  const progress = viewProgress(columns, facts);
  const { planned: total, planned_from: from, done, left_seconds } = progress;
  return {
    store: facts.location,
    command: facts.command,
    rows: columns.length,
    done: countGroups(columns, keyNames(columns)),
    failed: progress.failed,
    running: progress.running,
    rate_per_second: progress.per_second,
    mean_seconds: meanSeconds(columns) ?? null,
    first_run: progress.first_run,
    last_run: progress.last_run,
    grid: total === null || from === null ? null : {
      total,
      done,
      from,
      inferred: from === "values",
      left_seconds: done >= total ? 0 : left_seconds,
    },
  };
}
