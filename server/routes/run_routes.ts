import { isUtf8 } from "node:buffer";
import path from "node:path";
import { z } from "zod";
import type { Engine } from "../../core/contract/engine.ts";
import { keyOf, keyParams, keyShape } from "../../core/keys/key.ts";
import { writeCell } from "../../core/values/cell.ts";
import { isKeyColumn, NAMESPACE } from "../../core/values/columns.ts";
import { canonicalJson } from "../../core/values/json.ts";
import { decodeJsonRow, encodeJsonRow } from "../../core/values/json_row.ts";
import { areRecords, isParamColumn } from "../../core/values/record_names.ts";
import type { Row } from "../../core/values/value.ts";
import { storeFacts } from "../../figures/data/store_facts.ts";
import type { ServerDeps } from "../deps.ts";
import { askWithFacts } from "../figures/ask_with_facts.ts";
import { rolesOf } from "../figures/roles_of.ts";
import { logOf, readPart, resultFileOf, type RunFile } from "../run_files.ts";
import { parseBody } from "./body.ts";
import { disposition } from "./disposition.ts";
import { invalidRequest, ProblemError } from "./problem.ts";
import { get, type Route } from "./route.ts";
import { count, longText, row, text } from "./schemas.ts";
import { streamResponse } from "./stream_response.ts";

/** The default and the maximum number of bytes of a file in an answer. */
const PART_BYTES = 64 * 1024, MAX_PART_BYTES = 1024 * 1024;

const runQuery = {
  key: longText.exactOptional().describe("The text of its key, as in /v1/view and /v1/claims."),
  where: longText.exactOptional().describe(
    "A condition that it fulfils; of several rows, the newest.",
  ),
};

const file = z.strictObject({
  name: text,
  size: count.describe("In bytes."),
  changed: text.describe("ISO 8601 in UTC."),
}).nullable();

/** A run that a request names. */
interface FoundRun {
  /** The columns of its key. */
  readonly params: Row;
  readonly key: string;
  readonly row: Row | undefined;
  /** The number of rows that fulfil the condition. */
  readonly matches: number;
}

/** A page of runs, as its thread answers. */
interface Page {
  readonly rows: readonly Row[];
  readonly counts: { readonly done: number };
}

/** Routes of one run: its values, failure, log and result file. */
export function runRoutes({ backend, figures, now }: ServerDeps): Route[] {
  const store = path.isAbsolute(backend.location) ? backend.location : undefined;

  async function find(query: RunQuery): Promise<FoundRun> {
    if ((query.key === undefined) === (query.where === undefined)) {
      throw invalidRequest([{ path: "", message: "needs key or where" }]);
    }
    const found = query.key === undefined
      ? await runWhere(query.where!)
      : await runOfKey(backend, query.key);
    if (found) return found;
    throw new ProblemError(404, "There is no such run: no row, failure or claim has this key");
  }

  /** Returns the newest row that fulfils a condition; without one, a run that failed or is under way. */
  async function runWhere(where: string): Promise<FoundRun | undefined> {
    await figures.catchUp();
    const facts = await storeFacts(backend, backend.location, now());
    const pageOf = async (status: "done" | "all", offset: number): Promise<Page> => {
      const request = { where, status, limit: 1, offset };
      const text = await askWithFacts(facts, (sent) => figures.ask("page", request, sent));
      return parseBody(text) as unknown as Page;
    };
    const { rows: [other], counts: { done } } = await pageOf("all", 0);
    const found = done === 0 ? other : (await pageOf("done", done - 1)).rows[0];
    if (!found) return undefined;
    const row = decodeJsonRow(found);
    return { ...keyIn(row), row: done === 0 ? undefined : row, matches: Math.max(done, 1) };
  }

  function filesOf({ params, row }: FoundRun) {
    const result = store !== undefined && row ? resultFileOf(store, row) : undefined;
    return { log: logOf(store, params), result };
  }

  return [
    get({
      path: "/v1/run",
      summary:
        "One run: every value in full, its failure, and the sizes of its log and result file",
      query: z.strictObject(runQuery),
      answer: z.strictObject({
        key: text,
        status: z.enum(["done", "failed", "running"]),
        params: row,
        row: row.nullable(),
        values: z.array(z.strictObject({
          name: text,
          role: z.enum(["param", "result", "detail"]),
          text: text.describe("A text itself; any other value as JSON."),
          json: text.describe("The value as JSON."),
        })),
        matches: count.describe("The number of rows that fulfil the condition."),
        failure: z.strictObject({
          error: text,
          stack: text,
          attempt: count,
          time: text,
          host: text,
        }).nullable(),
        running: z.strictObject({ holder: text, since: text.nullable() }).nullable(),
        log: file,
        result_file: file,
      }),
      problems: [404],
      isCompressed: true,
    }, async (query) => {
      const found = await find(query);
      const { key, params, row, matches } = found;
      const failure = (await backend.failures()).find((each) => keyIn(each.params).key === key);
      const held = (await backend.held()).find((each) => each.key === key);
      const { log, result } = filesOf(found);
      const { params: _, ...failed } = failure ?? {};
      const rest = {
        status: held ? "running" : row ? "done" : "failed",
        values: valuesOf(row ?? params),
        matches,
        failure: failure ? failed : null,
        running: held ? { holder: held.holder, since: held.since ?? null } : null,
        log: shown(log),
        result_file: shown(result),
      };
      return `{"key":${JSON.stringify(key)},"params":${encodeJsonRow(params)},` +
        `"row":${row ? encodeJsonRow(row) : null},${JSON.stringify(rest).slice(1)}`;
    }),
    get({
      path: "/v1/run/file",
      summary: "A part of the log or the result file of a run, or all of it as a download",
      query: z.strictObject({
        ...runQuery,
        file: z.enum(["log", "result"]),
        offset: z.coerce.number().int().exactOptional()
          .describe("The first byte; negative: counted from the end. Default: 0."),
        limit: z.coerce.number().int().min(1).max(MAX_PART_BYTES).exactOptional()
          .describe(`The maximum number of bytes. Default: ${PART_BYTES}.`),
        download: z.literal(["true", "false"]).exactOptional(),
      }),
      answer: z.strictObject({
        name: text,
        size: count,
        offset: count,
        next: count.nullable().describe("The offset of the next part; null at the end."),
        text: text.nullable().describe("Null if it is no text."),
      }),
      media: ["application/octet-stream"],
      problems: [404],
      isCompressed: true,
    }, async ({ file, offset = 0, limit = PART_BYTES, download, ...query }) => {
      const { log, result } = filesOf(await find(query));
      const found = file === "log" ? log : result;
      if (!found) {
        const what = file === "log" ? "log" : "result file";
        throw new ProblemError(404, `There is no ${what} of this run that may be read`);
      }
      if (download === "true") {
        return await streamResponse(partsOf(found), {
          "content-type": "application/octet-stream",
          "content-disposition": disposition(found.name),
        });
      }
      const part = readPart(found, offset, limit);
      const end = part.offset + part.bytes.length;
      const isEnd = end >= part.size;
      const { skipped, bytes } = wholeCharacters(part.bytes, part.offset > 0, isEnd);
      const start = part.offset + skipped;
      return {
        name: found.name,
        size: part.size,
        offset: start,
        next: isEnd ? null : start + bytes.length,
        text: file === "log" || isUtf8(bytes) && !bytes.includes(0)
          ? new TextDecoder().decode(bytes)
          : null,
      };
    }),
  ];
}

interface RunQuery {
  readonly key?: string | undefined;
  readonly where?: string | undefined;
}

/** Returns the run with a key: its row, failure or claim. */
async function runOfKey(backend: Engine, text: string): Promise<FoundRun | undefined> {
  const params = keyParams(text);
  const key = keyOf(keyShape(undefined), params);
  const isParam = Object.keys(params).length > 0 && key.text === text;
  const row = isParam ? await backend.find(key) : undefined;
  if (row) return { key: text, params, row, matches: 1 };
  const isKnown = (await backend.failures()).some((each) => keyIn(each.params).key === text) ||
    (await backend.held()).some((each) => each.key === text);
  return isKnown ? { key: text, params, row: undefined, matches: 0 } : undefined;
}

/** Returns the params of a row, and the text of their key. */
function keyIn(row: Row): { readonly params: Row; readonly key: string } {
  const isParam = areRecords(Object.keys(row)) ? isParamColumn : isKeyColumn;
  const params = Object.fromEntries(
    Object.entries(row).filter(([name]) => isParam(name) || name === NAMESPACE),
  );
  return { params, key: keyOf(keyShape(undefined), params).text };
}

function valuesOf(row: Row) {
  const { params, results } = rolesOf(Object.keys(row));
  return Object.entries(row).map(([name, value]) => {
    // JSON has no NaN and no infinite numbers: they are texts, as in rows.
    const isSpelled = typeof value === "number" && !Number.isFinite(value);
    const shown = isSpelled ? writeCell(value) : value;
    const json = canonicalJson(shown);
    return {
      name,
      role: params.includes(name) ? "param" : results.includes(name) ? "result" : "detail",
      text: typeof shown === "string" ? shown : json,
      json,
    };
  });
}

function shown(file: RunFile | undefined) {
  if (!file) return null;
  const { name, size, changed } = file;
  return { name, size, changed: new Date(changed).toISOString() };
}

/** Returns the bytes of whole characters, and the number of bytes that were left out before them. */
function wholeCharacters(
  bytes: Uint8Array,
  mayBeginWithin: boolean,
  isEnd: boolean,
): { readonly skipped: number; readonly bytes: Uint8Array } {
  let start = 0;
  while (mayBeginWithin && start < Math.min(3, bytes.length) && (bytes[start]! & 0xc0) === 0x80) {
    start++;
  }
  let end = bytes.length;
  if (!isEnd) {
    for (let back = 1; back <= Math.min(3, end - start); back++) {
      const byte = bytes[end - back]!;
      if ((byte & 0xc0) === 0x80) continue;
      const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
      if (length > back) end -= back;
      break;
    }
  }
  return { skipped: start, bytes: bytes.subarray(start, end) };
}

async function* partsOf(file: RunFile): AsyncGenerator<Uint8Array> {
  for (let offset = 0;;) {
    const { bytes } = readPart(file, offset, MAX_PART_BYTES);
    if (bytes.length === 0) return;
    yield bytes;
    offset += bytes.length;
  }
}
