import { createHash } from "node:crypto";
import { type Context, Hono } from "hono";
import type { RowsAfter } from "../../core/contract/backend.ts";
import { closeRows } from "../mirror/close_rows.ts";
import { type Selected, selectRows } from "../../core/tools/select_rows.ts";
import { isPlainObject, type Row } from "../../core/values/value.ts";
import { YieldTimer } from "../../core/runtime/yield_timer.ts";
import { jsonResponse } from "./answers.ts";
import { begun } from "./begun.ts";
import { checkType, parseBody, readText } from "./body.ts";
import { checked } from "./checked.ts";
import type { Env, ServerDeps } from "../deps.ts";
import { MEDIA, type Medium, mediumFor } from "./media.ts";
import { invalidRequest } from "./problem.ts";
import { rowsArrow, survey } from "./rows_arrow.ts";
import { rowsCsv, rowsNdjson } from "./rows_text.ts";
import { checkedRow } from "../claims/runs_in.ts";
import { recordAllQuery, runsQuery } from "./schemas.ts";
import { openMark, sealMark } from "./sealed_mark.ts";
import { streamResponse, takesGzip } from "./stream_response.ts";

/** The rows of the store: a page of them as JSON, all of them as a stream, and more of them. */
export function runsRoutes(deps: ServerDeps): Hono<Env> {
  const { backend, mirror } = deps;
  const app = new Hono<Env>();

  app.get("/v1/runs", (c) => answer(c, mediumFor(c.req.header("accept"))));
  app.get("/v1/runs.ndjson", (c) => answer(c, "ndjson"));
  app.get("/v1/runs.csv", (c) => answer(c, "csv"));
  app.get("/v1/runs.arrow", (c) => answer(c, "arrow"));

  async function answer(c: Context<Env>, medium: Medium): Promise<Response> {
    return medium === "json" ? await page(c) : await stream(c, medium);
  }

  async function page(c: Context<Env>): Promise<Response> {
    const { where, sort, columns, limit = 100, offset = 0 } = checked(runsQuery, queryOf(c));
    const mark = await mirror.catchUp();
    const etag = etagOf(mark, c.req.url);
    if (isKnown(c, etag)) return notModified(etag);
    const text = await mirror.ask("page", {
      ...where !== undefined && { where },
      ...sort !== undefined && { sort: namesIn(sort) },
      ...columns !== undefined && { columns: namesIn(columns) },
      limit,
      offset,
    });
    return streamResponse(piecesOf([text]), {
      type: MEDIA.json,
      headers: cached(etag),
      isZipped: takesGzip(c.req.header("accept-encoding")),
    });
  }

  async function stream(c: Context<Env>, medium: Exclude<Medium, "json">): Promise<Response> {
    const { where, columns, since } = checked(runsQuery, queryOf(c));
    const selection = {
      ...where !== undefined && { where },
      ...columns !== undefined && { columns: namesIn(columns) },
    };
    await selectRows(backend, selection); // an error before anything is opened
    const open = async (): Promise<RowsAfter> => await backend.rowsAfter(since && openMark(since));
    const { cursor, isWhole, rows } = await open();
    const etag = etagOf(cursor, `${medium} ${c.req.url}`);
    let pieces: AsyncIterator<string | Uint8Array>;
    try {
      if (isKnown(c, etag)) {
        await closeRows(rows);
        return notModified(etag);
      }
      pieces = await piecesFor(
        medium,
        (from) => selectRows({ columns: () => backend.columns(), rows: () => from }, selection),
        rows,
        async () => (await open()).rows,
      );
    } catch (error) {
      await closeRows(rows);
      throw error;
    }
    return streamResponse(pieces, {
      type: MEDIA[medium],
      headers: {
        ...cached(etag),
        ...since !== undefined && {
          "stet-mark": sealMark(cursor),
          "stet-whole": String(isWhole),
        },
      },
      isZipped: takesGzip(c.req.header("accept-encoding")),
    });
  }

  async function piecesFor(
    medium: Exclude<Medium, "json">,
    select: (from: RowsAfter["rows"]) => Promise<Selected>,
    rows: RowsAfter["rows"],
    again: () => Promise<RowsAfter["rows"]>,
  ): Promise<AsyncIterator<string | Uint8Array>> {
    const selected = await select(rows);
    if (medium === "csv") return rowsCsv(selected);
    if (medium === "ndjson") return rowsNdjson(selected);
    const surveyed = await survey(selected);
    // Without rows a second reading would be opened and not read.
    const second = surveyed.count === 0 ? rows : await again();
    return await begun(rowsArrow(await select(second), surveyed));
  }

  app.post("/v1/runs", async (c) => {
    checkType(c.req.raw, /^application\/(?:x-)?ndjson\s*(?:;|$)/i, MEDIA.ndjson);
    const { retry, columns } = checked(recordAllQuery, c.req.query());
    const rows = rowsIn(await readText(c.req.raw));
    await backend.recordAll(
      retry === "true" ? await unknown(rows) : rows,
      columns === undefined ? {} : { columns: namesIn(columns) },
    );
    mirror.changed();
    return jsonResponse(JSON.stringify({ recorded: rows.length }));
  });

  /** Those that are not there yet, timestamp and all: the rest arrived before. */
  async function unknown(rows: readonly Row[]): Promise<Row[]> {
    const missing: Row[] = [];
    const timer = new YieldTimer();
    for (const row of rows) {
      if (!await backend.has(row)) missing.push(row);
      if (timer.isDue()) await timer.yield();
    }
    return missing;
  }

  return app;
}

/** The rows of JSON Lines; all are read before one is recorded. */
function rowsIn(text: string): Row[] {
  return text.split("\n").flatMap((line, i) => {
    if (line.trim() === "") return [];
    const value = parseBody(line, `line ${i + 1}`);
    if (isPlainObject(value)) return [checkedRow(value as Row, `line ${i + 1}`)];
    throw invalidRequest([{ path: `line ${i + 1}`, message: "must be an object" }]);
  });
}

function queryOf(c: Context<Env>): Record<string, unknown> {
  const { limit, offset, ...texts } = c.req.query();
  return {
    ...texts,
    ...limit !== undefined && { limit: Number(limit) },
    ...offset !== undefined && { offset: Number(offset) },
  };
}

/** Names with commas between, or a JSON array of names. */
function namesIn(list: string): string[] {
  if (!list.startsWith("[")) return list.split(",").filter((name) => name !== "");
  const names = parseBody(list, "columns");
  if (Array.isArray(names) && names.every((name) => typeof name === "string")) return names;
  throw invalidRequest([{ path: "columns", message: "must be an array of names" }]);
}

async function* piecesOf<T>(pieces: readonly T[]): AsyncGenerator<T> {
  yield* pieces;
}

/** Weak: the bytes differ by encoding. */
function etagOf(mark: string, asked: string): string {
  return `W/"${createHash("sha256").update(`${mark} ${asked}`).digest("base64url").slice(0, 27)}"`;
}

function isKnown(c: Context<Env>, etag: string): boolean {
  const known = c.req.header("if-none-match") ?? "";
  return known.trim() === "*" || known.split(",").some((each) => each.trim() === etag);
}

function cached(etag: string): Record<string, string> {
  return { etag, "cache-control": "no-cache" }; // to be kept, and asked for again
}

function notModified(etag: string): Response {
  return new Response(null, { status: 304, headers: cached(etag) });
}
