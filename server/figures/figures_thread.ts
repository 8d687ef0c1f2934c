/** The thread of figures: answers requests one after another. */
import { parentPort, workerData } from "node:worker_threads";
import { type Grid, gridOf } from "../../core/grids/grid.ts";
import { Columns } from "../../figures/data/columns/columns.ts";
import { gridPlan, noFacts, type ViewFacts } from "../../figures/data/view_facts.ts";
import { viewOfColumns } from "../../figures/data/view_of.ts";
import type { ViewQuery } from "../../figures/view.ts";
import { encodeJsonRow } from "../../core/values/json_row.ts";
import type { Row } from "../../core/values/value.ts";
import type { PackedRows } from "../../figures/data/columns/packed_rows.ts";
import { progressOf } from "./progress.ts";
import { type PageRequest, pageText } from "./runs_page.ts";

/** The URL of this module, whatever it was compiled to. */
export const figuresThread: string = import.meta.url;

/** The data that a thread starts with: the grid wanted. */
export interface FiguresStart {
  readonly grid: Pick<Grid, "factors" | "places"> | undefined;
}

/** The facts of a store that can be many. */
export type LargeFacts = Pick<ViewFacts, "failures" | "claims" | "plans">;

/** Facts of a store: the others, and the key of the large ones, which are sent once for it. */
export interface SentFacts {
  readonly others: Omit<ViewFacts, keyof LargeFacts>;
  readonly key: string;
  readonly large?: LargeFacts | undefined;
}

/** A request to the thread. Answers come in the order of requests. */
export interface Question {
  readonly name: keyof FiguresRequests;
  readonly args: readonly unknown[];
}

/** An answer of the thread. An error is sent by its parts: threads keep no class of their own. */
export interface Answer {
  readonly value?: unknown;
  readonly error?: { readonly name: string; readonly message: string; readonly stack: string };
}

/** The requests that the thread of figures answers. Figures and rows come as JSON. */
export type FiguresRequests = ReturnType<typeof openFigures>;

function openFigures({ grid: wanted }: FiguresStart) {
  let columns = new Columns();
  /** The columns that are being filled. */
  let filled = columns;
  let known: { readonly key: string; readonly large: LargeFacts } | undefined;
  const grid = wanted && gridOf(wanted.factors, wanted.places);

  function replace(next: Columns): void {
    if (filled !== columns && filled !== next) filled.close();
    if (columns !== next) columns.close();
    columns = filled = next;
  }

  /** Returns the facts that were sent; undefined if the large ones are not known. */
  function factsOf({ others, key, large }: SentFacts): ViewFacts | undefined {
    if (large) known = { key, large };
    if (known?.key !== key) return undefined;
    const defaults = known.large.plans.find((plan) => plan.defaults)?.defaults;
    const plans = grid && [gridPlan(grid, defaults)];
    return { ...others, ...known.large, ...plans && { plans } };
  }

  return {
    begin(isWhole: boolean, count: number | null): void {
      if (isWhole) filled = new Columns(count ?? 0);
      else if (columns.length === 0) replace(new Columns(count ?? 0));
    },
    insert(rows: PackedRows): void {
      filled.insert(rows);
    },
    commit(names: readonly string[]): void {
      filled.commit(names);
      replace(filled);
    },
    abort(): void {
      replace(new Columns());
    },
    /** Returns a view; undefined if the large facts are not known. */
    view(query: ViewQuery, sent: SentFacts): string | undefined {
      const facts = factsOf(sent);
      return facts && JSON.stringify(viewOfColumns(columns, query, facts));
    },
    /** Returns a page of runs, likewise. Without facts it is one of rows. */
    page(request: PageRequest, sent?: SentFacts): string | undefined {
      const facts = sent ? factsOf(sent) : noFacts();
      return facts && pageText(columns, request, facts);
    },
    /** Returns how far the work has come, likewise. */
    progress(sent: SentFacts): string | undefined {
      const facts = factsOf(sent);
      return facts && JSON.stringify(progressOf(columns, facts));
    },
    close: () => replace(new Columns()),
    largestText: (column: string) => columns.get(column)?.largestText(),
    /** Counts the rows after a position, and gives the newest of them as a JSON array on one line. */
    addedSince(position: number, limit: number) {
      const rows: Row[] = [];
      for (let i = Math.max(position, columns.length - limit); i < columns.length; i++) {
        rows.push(columns.row(columns.stored, i));
      }
      return { count: columns.length - position, rows: `[${rows.map(encodeJsonRow).join(",")}]` };
    },
  };
}

/** Returns the function that answers the requests for the figures that a start describes. */
export function answererOf(
  start: FiguresStart,
): (name: keyof FiguresRequests, args: readonly unknown[]) => unknown {
  const requests = openFigures(start);
  return (name, args) => (requests[name] as (...args: readonly unknown[]) => unknown)(...args);
}

/** The property of `workerData` that a thread of this kind is started with. */
export const START = "stetFigures";

const start = (workerData as Record<string, FiguresStart> | null)?.[START];
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
