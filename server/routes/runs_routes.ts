import type { Context } from "hono";
import { createHash } from "node:crypto";
import path from "node:path";
import { z } from "zod";
import type { RowsAfter } from "../../core/contract/backend.ts";
import type { RunsQuery, RunState } from "../../core/contract/wire.ts";
import { yielding } from "../../core/runtime/yield_timer.ts";
import { type Selected, selectRows } from "../../core/tools/select_rows.ts";
import { fileText } from "../../core/values/cell.ts";
import { csvField } from "../../core/values/csv_field.ts";
import { encodeJsonRow } from "../../core/values/json_row.ts";
import { isPlainObject, type Row } from "../../core/values/value.ts";
import { factsMark, storeFacts } from "../../figures/data/store_facts.ts";
import { checkedRow } from "../claims/read_run.ts";
import type { Env, ServerDeps } from "../deps.ts";
import { askWithFacts } from "../figures/ask_with_facts.ts";
import { closeRows } from "../figures/follower.ts";
import { checkType, parseBody, readText } from "./body.ts";
import { disposition } from "./disposition.ts";
import { rowsParquet } from "./rows_parquet.ts";
import { contentType, MEDIA, type Medium, mediumFor, STREAMS } from "./media.ts";
import { invalidRequest } from "./problem.ts";
import { checked, get, responseOf, type Route } from "./route.ts";
import { rowsArrow, survey } from "./rows_arrow.ts";
import { count, longText, row, text } from "./schemas.ts";
import { openCursor, sealCursor } from "./sealed_cursor.ts";
import { streamResponse } from "./stream_response.ts";

const EXTENSIONS = { ndjson: "jsonl", csv: "csv", json: "json", arrow: "arrows" } as const;
const PARQUET = "application/vnd.apache.parquet";

const runsQuery: z.ZodType<RunsQuery> = z.strictObject({
  where: longText.exactOptional().describe("Which rows, as in: alpha > 0.2 and model = 'a'"),
  columns: longText.exactOptional()
    .describe("Names of columns with commas between, or a JSON array. Default: all."),
  since: longText.exactOptional().describe(
    "Streams only: the rows that were added since this mark.",
  ),
  sort: longText.exactOptional()
    .describe("Names of columns, the first counts most; with - before the name, descending."),
  limit: z.coerce.number().int().min(1).max(10_000).exactOptional()
    .describe("Default: 100. JSON only."),
  offset: z.coerce.number().int().min(0).exactOptional()
    .describe("The number of rows to skip. JSON only."),
  status: z.enum(["done", "failed", "running", "all"]).exactOptional().describe(
    "Runs in these states, with their states and counts. Default: those that are done. JSON only.",
  ),
});

const state: z.ZodType<RunState> = z.enum(["done", "failed", "running"]);

const recordAllQuery = z.strictObject({
  retry: z.literal(["true", "false"]).exactOptional()
    .describe("True if the rows may have arrived before: rows that are there are not added again."),
  columns: longText.exactOptional().describe("The columns that rows will have, as a JSON array."),
});

/** Routes that read rows, a page as JSON or all as a stream, and that add rows. */
export function runsRoutes({ backend, figures, store, now }: ServerDeps): Route[] {
  const name = path.parse(store.replace(/[?#].*/s, "")).name || "runs";

  async function page(c: Context<Env>, query: RunsQuery): Promise<Response> {
    const { where, sort, columns, limit = 100, offset = 0, status } = query;
    const cursor = await figures.catchUp();
    const needsFacts = where !== undefined || status !== undefined;
    const facts = needsFacts ? await storeFacts(backend, store, now()) : undefined;
    const headers = cacheHeaders(c, facts ? `${cursor} ${factsMark(facts)}` : cursor);
    if (isUnchanged(c, headers)) return new Response(null, { status: 304, headers });
    const request = {
      where,
      sort: namesIn(sort),
      columns: namesIn(columns),
      limit,
      offset,
      status,
    };
    const text = facts
      ? await askWithFacts(facts, (sent) => figures.ask("page", request, sent))
      : await figures.ask("page", request);
    return new Response(text, { headers: { ...headers, "content-type": MEDIA.json } });
  }

  async function stream(
    c: Context<Env>,
    query: RunsQuery,
    medium: Medium,
    file: Readonly<Record<string, string>> = {},
  ): Promise<Response> {
    const { where, columns, since } = query;
    const selection = { where, columns: namesIn(columns) };
    const select = (rows: RowsAfter["rows"]): Promise<Selected> =>
      selectRows({ columns: () => backend.columns(), rows: () => rows }, selection);
    await selectRows(backend, selection); // throws its errors before anything is opened
    const open = async (): Promise<RowsAfter> =>
      await backend.rowsAfter(since && openCursor(since));
    const { cursor, isWhole, rows } = await open();
    try {
      const cache = cacheHeaders(c, `${medium} ${cursor}`);
      if (isUnchanged(c, cache)) {
        await closeRows(rows);
        return new Response(null, { status: 304, headers: cache });
      }
      const headers = {
        ...cache,
        ...file,
        "content-type": contentType(medium),
        ...since !== undefined &&
          { "stet-mark": sealCursor(cursor), "stet-whole": String(isWhole) },
      };
      const selected = await select(rows);
      if (medium !== "arrow") return await streamResponse(rowsText(selected, medium), headers);
      const surveyed = await survey(selected);
      // Without rows a second reading would be opened and not read.
      const second = surveyed.count === 0 ? selected : await select((await open()).rows);
      return await streamResponse(rowsArrow(second, surveyed), headers);
    } catch (error) {
      await closeRows(rows);
      throw error;
    }
  }

  /** Returns the rows that are not in the store yet, timestamp and all. */
  async function missing(rows: readonly Row[]): Promise<Row[]> {
    const found: Row[] = [];
    for await (const row of yielding(rows)) {
      if (!await backend.has(row)) found.push(row);
    }
    return found;
  }

  return [
    get({
      path: "/v1/runs",
      summary: "A page of rows as JSON, or all rows in the form that Accept names",
      query: runsQuery,
      answer: z.strictObject({
        rows: z.array(row),
        columns: z.array(text),
        total: count,
        next: count.exactOptional(),
        states: z.array(state).exactOptional().describe("The states of the rows."),
        keys: z.array(longText).exactOptional().describe("The texts of their keys, for /v1/run."),
        counts: z.strictObject({ done: count, failed: count, running: count }).exactOptional()
          .describe("The numbers of runs that fulfil the condition."),
      }),
      media: STREAMS,
      problems: [406],
      isCompressed: true,
    }, (query, c) => {
      const medium = mediumFor(c.req.header("accept"));
      return medium === "json" ? page(c, query) : stream(c, query, medium);
    }),
    ...(["ndjson", "csv", "json", "arrow"] as const).map((medium) =>
      get({
        path: `/v1/runs.${medium}`,
        summary: `All rows as ${MEDIA[medium]}`,
        query: runsQuery,
        ...medium === "json" ? { answer: z.array(row) } : { media: [MEDIA[medium]] },
        problems: medium === "arrow" ? [501] : [],
        isCompressed: true,
      }, (query, c) => stream(c, query, medium, saved(`${name}.${EXTENSIONS[medium]}`)))
    ),
    get({
      path: "/v1/runs.parquet",
      summary: `All rows as ${PARQUET}, where DuckDB is installed`,
      query: runsQuery,
      media: [PARQUET],
      problems: [501],
    }, async ({ where, columns }) => {
      const selected = await selectRows(backend, { where, columns: namesIn(columns) });
      return await streamResponse(rowsParquet(selected), {
        "content-type": PARQUET,
        ...saved(`${name}.parquet`),
      });
    }),
    {
      method: "post",
      path: "/v1/runs",
      summary: "Add rows, given as JSON Lines; all are read before one is added",
      query: recordAllQuery,
      bodyMedia: MEDIA.ndjson,
      answer: z.strictObject({ recorded: count }),
      problems: [422],
      async handle({ req }) {
        checkType(req.raw, /^application\/(?:x-)?ndjson\s*(?:;|$)/i, MEDIA.ndjson);
        const { retry, columns } = checked(recordAllQuery, req.query());
        const rows = rowsIn(await readText(req.raw));
        const added = retry === "true" ? await missing(rows) : rows;
        await backend.recordAll(added, { columns: namesIn(columns) ?? [] });
        figures.changed();
        return responseOf({ recorded: rows.length });
      },
    },
  ];
}

/** Returns the rows of JSON Lines; all are read before one is recorded. */
function rowsIn(text: string): Row[] {
  return text.split("\n").flatMap((line, i) => {
    if (line.trim() === "") return [];
    const value = parseBody(line, `line ${i + 1}`);
    if (isPlainObject(value)) return [checkedRow(value as Row, `line ${i + 1}`)];
    throw invalidRequest([{ path: `line ${i + 1}`, message: "must be an object" }]);
  });
}

/** Names with commas between, or a JSON array of names. */
function namesIn(list: string | undefined): string[] | undefined {
  if (list === undefined) return undefined;
  if (!list.startsWith("[")) return list.split(",").filter((name) => name !== "");
  const names = parseBody(list, "columns");
  if (Array.isArray(names) && names.every((name) => typeof name === "string")) return names;
  throw invalidRequest([{ path: "columns", message: "must be an array of names" }]);
}

/** Headers that let a client keep an answer for a state of the store, and revalidate it. */
type CacheHeaders = ReturnType<typeof cacheHeaders>;

/** The tag is weak: the bytes differ by encoding. */
function cacheHeaders({ req }: Context<Env>, state: string) {
  const hash = createHash("sha256").update(`${state} ${req.url}`).digest("base64url").slice(0, 27);
  return { etag: `W/"${hash}"`, "cache-control": "no-cache", vary: "accept" };
}

/** True if the client has this answer. Nothing is read for it then, which middleware could not avoid. */
function isUnchanged({ req }: Context<Env>, { etag }: CacheHeaders): boolean {
  const known = req.header("if-none-match") ?? "";
  return known.trim() === "*" || known.split(",").some((each) => each.trim() === etag);
}

/** Returns rows as JSON Lines, as a JSON array, or as CSV of cell text, piece by piece. */
async function* rowsText(
  { columns, rows }: Selected,
  medium: "csv" | "ndjson" | "json",
): AsyncGenerator<string> {
  const isCsv = medium === "csv";
  if (isCsv && columns.length > 0) yield `${columns.map(csvField).join(",")}\n`;
  const isArray = medium === "json";
  let separator = isArray ? "[\n" : "";
  for await (const row of rows()) {
    const text = isCsv ? columns.map((name) => cellOf(row, name)).join(",") : encodeJsonRow(row);
    yield isArray ? separator + text : `${text}\n`;
    separator = ",\n";
  }
  if (isArray) yield separator === ",\n" ? "\n]\n" : "[]\n";
}

/** Returns the headers of an answer that a browser saves as a file. */
function saved(name: string): Readonly<Record<string, string>> {
  return { "content-disposition": disposition(name) };
}

function cellOf(row: Row, name: string): string {
  return Object.hasOwn(row, name) ? csvField(fileText(row[name]!)) : "";
}
