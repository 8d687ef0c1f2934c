import type { Grid } from "../../core/grids/grid.ts";
import { encodeJsonRow } from "../../core/values/json_row.ts";
import type { Row } from "../../core/values/value.ts";
import { GridDone } from "../mirror/grid_done.ts";
import { Mirror } from "../mirror/mirror.ts";
import type { PackedRows } from "../mirror/packed_rows.ts";
import * as select from "../mirror/select.ts";
import { columnFigures } from "./column_figures.ts";
import type { HeatmapQuery } from "./figures_schemas.ts";
import { heatmapOf } from "./heatmap.ts";
import { type KnownKeys, progressOf } from "./progress.ts";
import { timelineOf } from "./timeline.ts";

/** The requests that a mirror answers, in its thread. Figures and rows come as JSON. */
export type MirrorRequests = ReturnType<typeof openMirror>;

/**
 * Opens a mirror.
 *
 * @param location The store's name in messages.
 * @param wanted The grid whose combinations are wanted.
 */
// deno-lint-ignore explicit-module-boundary-types -- MirrorRequests is this type
export function openMirror(location: string, wanted: Grid | undefined) {
  const mirror = new Mirror(location);
  const grid = wanted && new GridDone(wanted);
  return {
    begin: (isWhole: boolean) => mirror.begin(isWhole),
    insert: (rows: PackedRows) => mirror.insert(rows),
    commit: (columns: readonly string[]) => mirror.commit(columns),
    abort: () => mirror.abort(),
    close: () => mirror.close(),
    page: (request: select.PageRequest) => pageText(mirror, request),
    slowest: (limit: number, where?: string) =>
      `{"rows":${rowsText(select.selectSlowest(mirror, limit, where))}}`,
    largestText: (column: string) => select.largestText(mirror, column),
    /** Counts the rows after a position, and gives the newest of them as a JSON array. */
    addedSince: (position: number, limit: number) => ({
      count: mirror.count - position,
      rows: rowsText(select.selectNewest(mirror, position, limit)),
    }),
    progress: (known: KnownKeys, now: number) =>
      JSON.stringify(progressOf(mirror, known, grid, now)),
    kinds: () => JSON.stringify({ columns: columnFigures(mirror) }),
    heatmap: (query: HeatmapQuery) => JSON.stringify(heatmapOf(mirror, query)),
    timeline: (failures: readonly number[], now: number, seconds?: number) =>
      JSON.stringify(timelineOf(mirror, failures, now, seconds)),
  };
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
