import type { Row } from "../../core/values/value.ts";
import type { View, ViewQuery } from "../view.ts";
import { bestOf, rankingOf } from "./best.ts";
import { Columns } from "./columns/columns.ts";
import { configurationsOf } from "./configurations.ts";
import { effectsOf } from "./effects.ts";
import { evalsOf } from "./evals.ts";
import { failureGroups } from "./failure_groups.ts";
import { heatOf } from "./heat.ts";
import { mattersOf } from "./matters.ts";
import { overTimeOf } from "./over_time.ts";
import { progressOf } from "./progress.ts";
import { runningRuns } from "./running_runs.ts";
import { shardsOf } from "./shards.ts";
import { Selection } from "./selection.ts";
import { noFacts, type ViewFacts } from "./view_facts.ts";
import { notesOf } from "./notes.ts";

/** Limits of a view. */
export interface ViewLimits {
  /** The maximum number of best configurations. Default: 8. */
  readonly best?: number;
  /** True for the values of their params also as they are, and not only as texts. Default: false. */
  readonly hasParams?: boolean;
  /** The maximum number of configurations drawn. Default: 1000. */
  readonly configurations?: number;
}

/** Returns the figures of rows. */
export function viewOf(
  rows: Iterable<Row>,
  query: ViewQuery = {},
  facts: Partial<ViewFacts> = {},
  limits: ViewLimits = {},
): View {
  const columns = new Columns();
  columns.add(rows);
  return viewOfColumns(columns, query, noFacts(facts), limits);
}

/**
 * Returns the figures of rows in columns.
 *
 * @throws {TypeError} If the query names a column that is not there, or two, unless the store is being read.
 * @throws {SyntaxError} If its condition cannot be read, likewise.
 */
export function viewOfColumns(
  columns: Columns,
  query: ViewQuery,
  facts: ViewFacts,
  limits: ViewLimits = {},
): View {
  try {
    return figuresOf(columns, query, facts, limits);
  } catch (error) {
    // A column may not have been read yet.
    if (!facts.reading || !(error instanceof TypeError || error instanceof SyntaxError)) {
      throw error;
    }
    return figuresOf(columns, {}, facts, limits);
  }
}

function figuresOf(
  columns: Columns,
  query: ViewQuery,
  facts: ViewFacts,
  { best = 8, hasParams = false, configurations = 1000 }: ViewLimits,
): View {
  const selection = new Selection(columns, query, facts);
  const ranking = rankingOf(selection);
  const matters = mattersOf(selection);
  return {
    mark: facts.mark,
    progress: progressOf(columns, facts),
    rows: selection.count,
    choices: selection.choices,
    best: bestOf(selection, ranking, best, hasParams),
    matters,
    effects: effectsOf(selection, matters),
    heat: heatOf(selection, query, matters),
    evals: evalsOf(selection, query),
    configurations: configurationsOf(selection, ranking, configurations),
    failures: failureGroups(selection),
    running: runningRuns(selection),
    shards: shardsOf(selection),
    over_time: overTimeOf(selection),
    notes: notesOf(selection),
  };
}
