import { keyOf, keyShape } from "../../core/keys/key.ts";
import { columnsOf, parseCondition } from "../../core/tools/condition.ts";
import { checkKnown } from "../../core/tools/select_rows.ts";
import { whereOf } from "../../core/tools/where.ts";
import { entryOf } from "../../core/values/value.ts";
import { NAMESPACE, orderColumns, pick } from "../../core/values/columns.ts";
import { encodeJsonRow } from "../../core/values/json_row.ts";
import type { Row } from "../../core/values/value.ts";
import type { RunState } from "../../core/contract/wire.ts";
import { columnMask, type Mask } from "../../figures/data/columns/column_mask.ts";
import type { Columns } from "../../figures/data/columns/columns.ts";
import { keysDone } from "../../figures/data/columns/keys_done.ts";
import {
  compareSorted,
  type SortColumn,
  sortColumns,
  sortedRows,
} from "../../figures/data/columns/sorted_rows.ts";
import type { ViewFacts } from "../../figures/data/view_facts.ts";

/** A page of runs, and their order. */
export interface PageRequest {
  /** As in `stet ls --where`. Default: all runs. */
  readonly where?: string | undefined;
  /** Default: all columns. */
  readonly columns?: readonly string[] | undefined;
  /** Columns to sort by; with `-` before the name, descending. Default: the store's order. */
  readonly sort?: readonly string[] | undefined;
  readonly limit: number;
  readonly offset: number;
  /** The states of the runs. Default: those that are done, without their states and counts in the answer. */
  readonly status?: RunState | "all" | undefined;
}

/** The facts of runs without a row. */
type OtherFacts = Pick<ViewFacts, "failures" | "claims" | "plans">;

/** A run without a row. */
interface OtherRun {
  readonly params: Row;
  readonly state: RunState;
  readonly key: string;
}

/** Runs of a page. */
export interface RunsPage {
  readonly rows: readonly Row[];
  /** The states of the rows. */
  readonly states: readonly RunState[];
  /** The texts of their keys. */
  readonly keys: readonly string[];
  readonly columns: readonly string[];
  /** The number of all runs of the request. */
  readonly total: number;
  /** The numbers of runs that fulfil the condition. */
  readonly counts: Readonly<Record<RunState, number>>;
}

/** Returns a page of runs as JSON. @throws As {@linkcode runsPage} does. */
export function pageText(columns: Columns, request: PageRequest, facts: OtherFacts): string {
  const { rows, states, keys, counts, ...page } = runsPage(columns, request, facts);
  const end = request.offset + rows.length;
  const rest = JSON.stringify({
    ...page,
    ...end < page.total && { next: end },
    ...request.status !== undefined && { states, keys, counts },
  });
  return `{"rows":[${rows.map(encodeJsonRow).join(",\n")}],${rest.slice(1)}`;
}

/**
 * Returns a page of runs. Absent values come last.
 *
 * @throws {SyntaxError} If `where` cannot be read. @throws {TypeError} If a column is not there.
 */
export function runsPage(columns: Columns, request: PageRequest, facts: OtherFacts): RunsPage {
  const { limit, offset, status } = request;
  const sort = sortColumns(request.sort ?? []);
  const known = knownColumns(columns, facts);
  checkKnown([...request.columns ?? [], ...sort.map(({ name }) => name)], known);
  const { mask, others } = selected(columns, request, facts, known);
  const shown = others.filter(({ state }) => status === "all" || status === state)
    .sort((a, b) => compareParams(a.params, b.params, sort));
  const hasDone = status === undefined || status === "done" || status === "all";
  const doneCount = mask ? mask.reduce((sum, each) => sum + each, 0) : columns.length;
  const done = hasDone ? sortedRows(columns, mask, sort, offset + limit) : new Int32Array();
  /** The places of the others on all pages. */
  const places = shown.map(({ params }, i) => i + placeAmong(columns, done, params, sort));
  const names = request.columns ??
    (status === undefined ? columns.stored : allColumns(columns, facts));
  const total = (hasDone ? doneCount : 0) + shown.length;
  const rows: Row[] = [];
  const states: RunState[] = [];
  const keys: string[] = [];
  const keyNames = [...columns.params, NAMESPACE];
  let other = places.filter((place) => place < offset).length;
  for (let place = offset; place < Math.min(offset + limit, total); place++) {
    if (places[other] === place) {
      const { params, state, key } = shown[other++]!;
      rows.push(pick(params, names));
      states.push(state);
      keys.push(key);
    } else {
      const row = done[place - other]!;
      rows.push(columns.row(names, row));
      states.push("done");
      keys.push(keyText(columns.row(keyNames, row)));
    }
  }
  const count = (wanted: RunState): number => others.filter(({ state }) => state === wanted).length;
  const counts = { done: doneCount, failed: count("failed"), running: count("running") };
  return { rows, states, keys, columns: names, total, counts };
}

/** Returns the columns that runs have or will have. */
function knownColumns({ names }: Columns, { plans, failures, claims }: OtherFacts): string[] {
  const planned = plans.flatMap(({ factors }) => (factors ?? []).flatMap((factor) => factor.names));
  const ofOthers = [...failures, ...claims].flatMap(({ params }) => Object.keys(params));
  return [...new Set([...names, ...planned, ...ofOthers])];
}

/** Returns the columns of the store, and those of runs without a row. */
function allColumns({ stored }: Columns, { failures, claims }: OtherFacts): readonly string[] {
  return orderColumns(
    stored,
    [...failures, ...claims].flatMap(({ params }) => Object.keys(params)),
  );
}

/**
 * Returns the runs that fulfil the condition: rows, and runs without one. With their states, as on a page, a run
 * without a param has its default, as in figures; those of several plans are as they are in the store.
 */
function selected(
  columns: Columns,
  { where = "", status }: PageRequest,
  facts: OtherFacts,
  known: readonly string[],
): { readonly mask: Mask | undefined; readonly others: readonly OtherRun[] } {
  const others = status === undefined ? [] : otherRuns(columns, facts);
  if (where.trim() === "") return { mask: undefined, others };
  // Of a store of which nothing is known, no name is wrong.
  const condition = parseCondition(where, known.length > 0 ? known : undefined);
  const test = whereOf(condition);
  // A run without a row has no result.
  const inRows = new Set(columns.names);
  const keys = new Set<string>([...columns.params, NAMESPACE]);
  const isOfKey = columnsOf(condition).every((name) => keys.has(name) || !inRows.has(name));
  const defaults = status !== undefined && facts.plans.length === 1
    ? facts.plans[0]!.defaults
    : undefined;
  return {
    mask: columnMask(defaults ? columns.withDefaults(defaults) : columns, condition),
    others: isOfKey ? others.filter(({ params }) => test({ ...defaults, ...params })) : [],
  };
}

/** Returns the runs that failed, the newest first, and those under way. A failed key that was done since is done. */
function otherRuns(columns: Columns, { failures, claims }: OtherFacts): OtherRun[] {
  const failed = failures.toSorted((a, b) => a.time < b.time ? 1 : a.time > b.time ? -1 : 0)
    .map(({ params }): OtherRun => ({ params, state: "failed", key: keyText(params) }));
  const isDone = keysDone(columns, failed.map(({ params }) => params));
  const running = new Set(claims.map(({ key }) => key));
  return [
    ...failed.filter(({ key }, i) => !isDone[i] && !running.has(key)),
    ...claims.map(({ params, key }): OtherRun => ({ params, state: "running", key })),
  ];
}

function keyText(params: Row): string {
  return keyOf(keyShape(undefined), params).text;
}

function compareParams(a: Row, b: Row, sort: readonly SortColumn[]): number {
  for (const { name, isDescending } of sort) {
    const order = compareSorted(entryOf(a, name), entryOf(b, name), isDescending);
    if (order !== 0) return order;
  }
  return 0;
}

/** Returns the number of sorted rows before a run without a row: those that are equal are. */
function placeAmong(
  columns: Columns,
  rows: Int32Array,
  params: Row,
  sort: readonly SortColumn[],
): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const row = columns.row(sort.map(({ name }) => name), rows[middle]!);
    if (compareParams(row, params, sort) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
