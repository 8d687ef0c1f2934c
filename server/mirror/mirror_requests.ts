import { encodeJsonRow } from "../../core/values/json_row.ts";
import type { Row } from "../../core/values/value.ts";
import { columnFigures } from "../figures/column_figures.ts";
import type { RowSink } from "./follower.ts";
import type { GridDone } from "./grid_done.ts";
import { heatmapOf } from "../figures/heatmap.ts";
import type { HeatmapQuery } from "../figures/figures_schemas.ts";
import type { Mirror, Page } from "./mirror.ts";
import { type Known, progressOf } from "../figures/progress.ts";
import { timelineOf } from "../figures/timeline.ts";

/** A page of rows, of all columns or some. */
export interface PageRequest extends Page {
  readonly columns?: readonly string[];
}

/** What can be asked of the thread that has the mirror. Figures and rows come as JSON. */
export interface MirrorRequests extends RowSink {
  page(request: PageRequest): string;
  slowest(limit: number, where?: string): string;
  largestText(column: string): string | undefined;
  /** How many rows come after a place, and the newest of them as a JSON array. */
  addedSince(place: number, most: number): { readonly count: number; readonly rows: string };
  progress(known: Known, now: number): string;
  kinds(): string;
  heatmap(request: HeatmapQuery): string;
  timeline(failures: readonly number[], now: number, seconds?: number): string;
}

/** Returns what answers requests with a mirror. */
export function mirrorRequests(mirror: Mirror, grid: GridDone | undefined): MirrorRequests {
  return {
    begin: (isWhole) => mirror.begin(isWhole),
    insert: (rows) => mirror.insert(rows),
    commit: (columns) => mirror.commit(columns),
    abort: () => mirror.abort(),
    page: (request) => pageText(mirror, request),
    slowest: (limit, where) => `{"rows":${rowsText(mirror.slowest(limit, where))}}`,
    largestText: (column) => mirror.largestText(column),
    addedSince(place, most) {
      const { count, rows } = mirror.addedSince(place, most);
      return { count, rows: rowsText(rows) };
    },
    progress: (known, now) => JSON.stringify(progressOf(mirror, known, grid, now)),
    kinds: () => JSON.stringify({ columns: columnFigures(mirror) }),
    heatmap: (request) => JSON.stringify(heatmapOf(mirror, request)),
    timeline: (failures, now, seconds) =>
      JSON.stringify(timelineOf(mirror, failures, now, seconds)),
  };
}

function pageText(mirror: Mirror, { columns, ...page }: PageRequest): string {
  for (const name of columns ?? []) mirror.sql(name); // throws if it is not there
  const { rows, total } = mirror.page(page);
  const end = page.offset + rows.length;
  const next = end < total ? { next: end } : {};
  const rest = JSON.stringify({ columns: columns ?? mirror.columns, total, ...next }).slice(1);
  const shown = columns ? rows.map((row) => only(row, columns)) : rows;
  return `{"rows":[${shown.map(encodeJsonRow).join(",\n")}],${rest}`;
}

function only(row: Row, names: readonly string[]): Row {
  return Object.fromEntries(
    names.filter((name) => Object.hasOwn(row, name)).map((name) => [name, row[name]!]),
  );
}

function rowsText(rows: readonly Row[]): string {
  return `[${rows.map(encodeJsonRow).join(",")}]`; // on one line, as an event's data must be
}
