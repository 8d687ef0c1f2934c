import type { Failure, HeldKey } from "../../core/contract/backend.ts";
import type { Finding } from "../../core/contract/engine.ts";
import { messageOf, StoreError } from "../../core/errors.ts";
import { canonicalJson, jsonString, parseJson } from "../../core/values/json.ts";
import { decodeJsonRow, encodeJsonRow } from "../../core/values/json_row.ts";
import { type Row, toValue, type Value } from "../../core/values/value.ts";
import type {
  BatchClaimRequest,
  ClaimRequest,
  ColumnsAnswer,
  FailRequest,
  FindRequest,
  MatchRequest,
  QueryRequest,
  RecordRequest,
  ReleaseRequest,
  RemoveRequest,
  RenewRequest,
  RunsQuery,
  StatusAnswer,
  VerifyRequest,
  WireClaimAnswer,
  WireRow,
} from "../../core/contract/wire.ts";
import { HttpConnection } from "./http_connection.ts";

/** A page of rows. */
export interface RunsPage {
  readonly rows: readonly Row[];
  readonly columns: readonly string[];
  /** How many rows there are in all. */
  readonly total: number;
  /** The offset of the next page, if there is one. */
  readonly next?: number;
}

/** A key that somebody runs. */
export interface RunningKey extends HeldKey {
  readonly params: Row;
}

type Answer = Readonly<Record<string, Value>>;

/**
 * The routes of a sidecar as functions. Values are plain ones, here and in what is given back: how
 * they are spelled on the wire is seen to. A lost connection is made again for half a minute.
 *
 * Functions reject with a `StoreError` if the sidecar refuses a request or cannot be reached, and
 * with a `LostClaimError` if a claim was lost.
 *
 * @example
 * ```ts
 * import { SidecarClient } from "@stet/stet/backends";
 * import { serve } from "@stet/stet/server";
 * import assert from "node:assert/strict";
 *
 * const sidecar = await serve({ store: ":memory:", port: 0 });
 * const client = new SidecarClient(sidecar.url);
 * const params = { alpha: 0.1, model: "a" };
 * const answer = await client.claim({ params });
 * if (answer.state === "claimed") {
 *   await client.record({ params, token: answer.token, result: { loss: 0.5 } });
 * }
 * assert.deepEqual((await client.runs()).rows.map((row) => row["result.loss"]), [0.5]);
 * await sidecar.close();
 * ```
 */
export class SidecarClient {
  readonly #connection: HttpConnection;

  /**
   * @param url Where it listens; `?token_file=…` names a file with its token, else `STET_TOKEN` has it.
   * @throws {StoreError} If it is no URL or holds a password, or Deno gives no access to its host.
   */
  constructor(url: string | URL) {
    this.#connection = new HttpConnection(url);
  }

  /** The URL, as messages show it. */
  get location(): string {
    return this.#connection.location;
  }

  /** Claims a run, unless it is done or somebody runs it. */
  async claim(request: ClaimRequest): Promise<WireClaimAnswer> {
    return await this.#post("/v1/claim", ["state"], request) as unknown as WireClaimAnswer;
  }

  /** Claims some of many runs; the answers are in their order. */
  async claimBatch(request: BatchClaimRequest): Promise<readonly WireClaimAnswer[]> {
    const { answers } = await this.#post("/v1/claim", ["answers"], request);
    return answers as unknown as readonly WireClaimAnswer[];
  }

  /** Records a run and ends its claim; without a token, adds a row. Arriving twice counts once. */
  async record(request: RecordRequest): Promise<void> {
    await this.#connection.ask("/v1/record", ["state"], {
      body: requestText(request),
      again: { body: requestText({ ...request, retry: true }) },
    });
  }

  /** Adds rows, all or none if one of them is wrong. Arriving twice counts once if they have their time. */
  async recordAll(rows: readonly Row[], columns: readonly string[] = []): Promise<void> {
    const query = columns.length > 0 ? { columns: JSON.stringify(columns) } : {};
    await this.#connection.ask("/v1/runs", ["recorded"], {
      type: "application/x-ndjson",
      body: rows.map(rowText).join("\n"),
      query,
      again: { query: { ...query, retry: "true" } },
    });
  }

  /** Notes that a run failed, and ends its claim. */
  async fail(request: FailRequest): Promise<void> {
    await this.#post("/v1/fail", ["state"], request);
  }

  /** Holds a claim for longer; tries for `patience` milliseconds at most. */
  async renew(request: RenewRequest, patience?: number): Promise<void> {
    await this.#post("/v1/renew", ["state"], request, patience);
  }

  /** Ends a claim; nothing is noted. Tries for `patience` milliseconds at most. */
  async release(request: ReleaseRequest, patience?: number): Promise<void> {
    await this.#post("/v1/release", ["state"], request, patience);
  }

  /** Whether a run is recorded, or a row agrees on all columns given. */
  async has(request: MatchRequest): Promise<boolean> {
    return (await this.#post("/v1/has", ["has"], request))["has"] === true;
  }

  /** The newest row of a run, and its version. */
  async find(
    request: FindRequest,
  ): Promise<{ readonly row: Row; readonly version: string } | undefined> {
    const { row, version } = await this.#post("/v1/find", ["row"], request);
    return row === null
      ? undefined
      : { row: decodeJsonRow(row as WireRow), version: version as string };
  }

  /** Removes the rows of runs, or those that agree on all columns given; how many. */
  async remove(request: RemoveRequest): Promise<number> {
    return Number((await this.#post("/v1/remove", ["removed"], request))["removed"]);
  }

  /** Removes all rows. */
  async clear(): Promise<void> {
    await this.#post("/v1/clear", [], {});
  }

  /** What is wrong with the store and the files beside it. */
  async verify(request: VerifyRequest = {}): Promise<readonly Finding[]> {
    const { findings } = await this.#post("/v1/verify", ["findings"], request);
    return (findings as unknown as (Omit<Finding, "repaired"> & { repaired: string | null })[])
      .map(({ kind, message, repaired }) => ({ kind, message, repaired: repaired ?? undefined }));
  }

  /** What is in the store. */
  async status(): Promise<StatusAnswer> {
    return await this.#connection.ask("/v1/status", ["store", "count"]) as unknown as StatusAnswer;
  }

  /** Whether the store is there, and its columns. */
  async columns(): Promise<ColumnsAnswer> {
    return await this.#connection.ask("/v1/columns", [
      "exists",
      "columns",
    ]) as unknown as ColumnsAnswer;
  }

  /** The runs that failed and have not succeeded since, oldest first. */
  async failures(): Promise<readonly Failure[]> {
    const { failures } = await this.#connection.ask("/v1/failures", ["failures"]);
    return (failures as unknown as (Omit<Failure, "params"> & { params: WireRow })[])
      .map((failure) => ({ ...failure, params: decodeJsonRow(failure.params) }));
  }

  /** Forgets failures by their params; how many. */
  async forget(params: readonly Row[]): Promise<number> {
    return Number((await this.#post("/v1/forget", ["forgotten"], { batch: params }))["forgotten"]);
  }

  /** The runs under way, and who runs them. */
  async claims(): Promise<readonly RunningKey[]> {
    const { claims } = await this.#connection.ask("/v1/claims", ["claims"]);
    return (claims as unknown as (HeldKey & { readonly params: WireRow })[])
      .map((held) => ({ ...held, params: decodeJsonRow(held.params) }));
  }

  /** A page of rows. */
  async runs(query: RunsQuery = {}): Promise<RunsPage> {
    const page = await this.#connection.ask("/v1/runs", ["rows", "total"], {
      query: queryTexts(query),
    });
    return {
      ...page as unknown as RunsPage,
      rows: (page["rows"] as unknown as WireRow[]).map(decodeJsonRow),
    };
  }

  /** All rows as JSON Lines, as they arrive; `rowsOf` reads them. */
  async stream(query: RunsQuery = {}): Promise<Response> {
    return await this.#connection.open("/v1/runs.ndjson", "ndjson", { query: queryTexts(query) });
  }

  /** What SQL over the store gives, as rows of plain JSON. */
  async query(request: QueryRequest): Promise<readonly Row[]> {
    const response = await this.#connection.open("/v1/query", "json", {
      body: requestText(request),
    });
    try {
      const rows = parseJson(await response.text());
      if (Array.isArray(rows)) return rows as unknown as Row[];
    } catch (error) {
      throw new StoreError(
        `Cannot read the answer of store "${this.location}" to its end: ${
          messageOf(error)
        }; ask again`,
        { cause: error },
      );
    }
    throw new StoreError(`Cannot use store "${this.location}": its answer is no array of rows`);
  }

  /** Refuses all later requests. */
  close(): void {
    this.#connection.close();
  }

  #post(
    path: string,
    members: readonly string[],
    request: object,
    patience?: number,
  ): Promise<Answer> {
    return this.#connection.ask(path, members, {
      body: requestText(request),
      ...patience !== undefined && { patience },
    });
  }
}

/** A request as JSON, its values as they are on the wire. */
function requestText(request: object): string {
  const members = Object.entries(request).filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${jsonString(name)}:${memberText(name, value)}`);
  return `{${members.join(",")}}`;
}

function memberText(name: string, value: unknown): string {
  switch (name) {
    case "params":
    case "defaults":
    case "row":
    case "columns":
      return rowText(value as Row);
    case "batch":
      return `[${(value as readonly Row[]).map(rowText).join(",")}]`;
    case "result":
      return canonicalJson(toValue(value, name)!);
    default:
      return JSON.stringify(value);
  }
}

/** A row on the wire; what no cell can hold is refused here. */
function rowText(row: Row): string {
  return encodeJsonRow(toValue(row, "row") as Row);
}

function queryTexts(query: RunsQuery): Record<string, string> {
  return Object.fromEntries(
    Object.entries(query).filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, String(value)]),
  );
}
