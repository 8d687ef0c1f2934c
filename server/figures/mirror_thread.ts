/** The thread of the mirror: answers requests one after another. */
import { parentPort, workerData } from "node:worker_threads";
import type { SweepPlan } from "../../core/contract/sweep_plan.ts";
import { type Grid, gridOf } from "../../core/grids/grid.ts";
import { Columns, type LostValues } from "../../figures/data/columns/columns.ts";
import { gridPlan, type ViewFacts } from "../../figures/data/view_facts.ts";
import { viewOfColumns } from "../../figures/data/view_of.ts";
import type { ViewQuery } from "../../figures/view.ts";
import { encodeJsonRow } from "../../core/values/json_row.ts";
import type { Row } from "../../core/values/value.ts";
import { GridDone } from "../mirror/grid_done.ts";
import { Mirror } from "../mirror/mirror.ts";
import type { PackedRows } from "../../figures/data/columns/packed_rows.ts";
import * as select from "../mirror/select.ts";
import { type Counted, PlansDone } from "./plans_done.ts";
import { type KnownKeys, progressOf, type Wanted } from "./progress.ts";

/** The URL of this module, whatever it was compiled to. */
export const mirrorThread: string = import.meta.url;

/** The data that a thread starts with: the store's name in messages, and the grid wanted. */
export interface MirrorStart {
  readonly location: string;
  readonly grid: Pick<Grid, "factors" | "places"> | undefined;
}

/** The facts of a view that can be many. */
export type LargeFacts = Pick<ViewFacts, "failures" | "claims" | "plans">;

/** A request to the thread. Answers come in the order of requests. */
export interface Question {
  readonly name: keyof MirrorRequests;
  readonly args: readonly unknown[];
}

/** An answer of the thread. An error is sent by its parts: threads keep no class of their own. */
export interface Answer {
  readonly value?: unknown;
  readonly error?: { readonly name: string; readonly message: string; readonly stack: string };
}

/** The requests that a mirror answers, in its thread. Figures and rows come as JSON. */
export type MirrorRequests = ReturnType<typeof openMirror>;

function openMirror({ location, grid: wanted }: MirrorStart) {
  const mirror = new Mirror(location);
  const grid = wanted && new GridDone(gridOf(wanted.factors, wanted.places));
  const lost: LostValues = {
    rowsWhere: (condition) => select.selectPositions(mirror, condition).map((n) => n - 1),
    at: (column, row) => select.selectValue(mirror, column, row + 1),
  };
  let columns = new Columns(lost);
  /** The columns that are being filled. */
  let filled = columns;
  let known: { readonly key: string; readonly facts: LargeFacts } | undefined;
  const plansDone = new PlansDone();
  return {
    begin(isWhole: boolean): void {
      mirror.begin(isWhole);
      filled = isWhole ? new Columns(lost) : columns;
    },
    insert(rows: PackedRows): void {
      mirror.insert(rows);
      filled.insert(rows);
    },
    commit(names: readonly string[]): void {
      mirror.commit(names);
      filled.commit(names);
      columns = filled;
    },
    abort(): void {
      mirror.abort();
      columns = filled = new Columns(lost);
    },
    /**
     * Returns a view. The large facts are sent once for a key of theirs.
     *
     * @returns Undefined if the facts with this key are not known.
     */
    view(
      query: ViewQuery,
      others: Omit<ViewFacts, keyof LargeFacts>,
      key: string,
      sent?: LargeFacts,
    ): string | undefined {
      if (sent) known = { key, facts: sent };
      if (known?.key !== key) return undefined;
      const defaults = known.facts.plans.find((plan) => plan.defaults)?.defaults;
      const plans = wanted && [gridPlan(gridOf(wanted.factors, wanted.places), defaults)];
      const facts = { ...others, ...known.facts, ...plans && { plans } };
      return JSON.stringify(viewOfColumns(columns, query, facts));
    },
    close: () => mirror.close(),
    page: (request: select.PageRequest) => pageText(mirror, request),
    largestText: (column: string) => select.largestText(mirror, column),
    /** Counts the rows after a position, and gives the newest of them as a JSON array. */
    addedSince: (position: number, limit: number) => ({
      count: mirror.count - position,
      rows: rowsText(select.selectNewest(mirror, position, limit)),
    }),
    progress: (known: KnownKeys, now: number, plans: readonly SweepPlan[]) =>
      JSON.stringify(progressOf(
        mirror,
        known,
        grid
          ? { total: grid.grid.count, done: grid.count(mirror), from: "grid" }
          : planned(plansDone.count(mirror, plans)),
        now,
      )),
  };
}

function planned(counted: Counted | null): Wanted | undefined {
  return counted ? { ...counted, from: "plan" } : undefined;
}

/** Opens the mirror that a start describes; returns the function that answers its requests. */
export function answererOf(
  start: MirrorStart,
): (name: keyof MirrorRequests, args: readonly unknown[]) => unknown {
  const requests = openMirror(start);
  return (name, args) => (requests[name] as (...args: readonly unknown[]) => unknown)(...args);
}

/** The property of `workerData` that a thread of this kind is started with. */
export const START = "stetMirror";

const start = (workerData as Record<string, MirrorStart> | null)?.[START];
if (parentPort && start) {
  const port = parentPort;
  const answer = answererOf(start);
  port.on("message", ({ name, args }: Question) => {
    try {
      port.postMessage({ value: answer(name, args) } satisfies Answer);
    } catch (error) {
      const { name, message, stack = "" } = error as Error;
      port.postMessage({ error: { name, message, stack } } satisfies Answer);
    }
  });
  port.postMessage("ready");
}

function pageText(mirror: Mirror, request: select.PageRequest): string {
  const { rows, total } = select.selectPage(mirror, request);
  const end = request.offset + rows.length;
  const next = end < total ? { next: end } : {};
  const rest = JSON.stringify({ columns: request.columns ?? mirror.columns, total, ...next });
  return `{"rows":[${rows.map(encodeJsonRow).join(",\n")}],${rest.slice(1)}`;
}

/** On one line, as an event's data must be. */
function rowsText(rows: readonly Row[]): string {
  return `[${rows.map(encodeJsonRow).join(",")}]`;
}
