import type { Failure, HeldKey } from "../../core/contract/backend.ts";
import type { Finding } from "../../core/contract/engine.ts";
import { encodePlan, readPlan, type SweepPlan } from "../../core/contract/sweep_plan.ts";
import type * as wire from "../../core/contract/wire.ts";
import { messageOf, StoreError } from "../../core/errors.ts";
import { parseJson } from "../../core/values/json.ts";
import { decodeJsonRow } from "../../core/values/json_row.ts";
import type { Row } from "../../core/values/value.ts";
import { HttpConnection } from "./http_connection.ts";
import { requestText, rowText } from "./request_text.ts";

/** A page of rows. */
export interface RunsPage {
  /** Rows of the page, in the order asked for. */
  readonly rows: readonly Row[];
  /** Columns of the rows, in order. */
  readonly columns: readonly string[];
  /** The number of all rows. */
  readonly total: number;
  /** The offset of the next page, if there is one. */
  readonly next?: number;
}

/** A key of a run under way. */
export interface RunningKey extends HeldKey {
  /** The key's columns. */
  readonly params: Row;
}

/**
 * The routes of a sidecar as functions. Values are plain ones in requests and answers; the client spells
 * them on the wire. A lost connection is made again for half a minute.
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
   * Makes a client, and sends nothing yet.
   *
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

  /** Claims a run, unless it is done or busy. */
  async claim(request: wire.ClaimRequest): Promise<wire.WireClaimAnswer> {
    return await this.#connection.ask("/v1/claim", ["state"], { body: requestText(request) });
  }

  /** Claims some of many runs; the answers are in their order. */
  async claimBatch(request: wire.BatchClaimRequest): Promise<readonly wire.WireClaimAnswer[]> {
    return await this.#post("claim", "answers", request);
  }

  /** Records a run and ends its claim; without a token, adds a row. Arriving twice counts once. */
  async record(request: wire.RecordRequest): Promise<void> {
    const again = { body: requestText({ ...request, retry: true }) };
    await this.#connection.ask("/v1/record", ["state"], { body: requestText(request), again });
  }

  /** Adds rows, all or nothing. Arriving twice counts once if they have their timestamp. */
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
  async fail(request: wire.FailRequest): Promise<void> {
    await this.#post("fail", "state", request);
  }

  /** Extends the lease of a claim; tries for `patience` milliseconds at most. */
  async renew(request: wire.RenewRequest, patience?: number): Promise<void> {
    await this.#post("renew", "state", request, patience);
  }

  /** Ends a claim; nothing is noted. Tries for `patience` milliseconds at most. */
  async release(request: wire.ReleaseRequest, patience?: number): Promise<void> {
    await this.#post("release", "state", request, patience);
  }

  /** Returns true if a run is recorded, or a row agrees on all columns given. */
  async has(request: wire.MatchRequest): Promise<boolean> {
    return await this.#post("has", "has", request) === true;
  }

  /** Returns the newest row of a run, and its version. */
  async find(
    request: wire.FindRequest,
  ): Promise<{ readonly row: Row; readonly version: string } | undefined> {
    const { row, version } = await this.#connection.ask<
      { readonly row: wire.WireRow | null; readonly version: string }
    >("/v1/find", ["row"], { body: requestText(request) });
    return row === null ? undefined : { row: decodeJsonRow(row), version };
  }

  /** Returns the newest row of each of many runs, in their order. */
  async findBatch(request: wire.BatchFindRequest): Promise<readonly (Row | undefined)[]> {
    const rows = await this.#post<readonly (wire.WireRow | null)[]>("find", "rows", request);
    return rows.map((row) => row === null ? undefined : decodeJsonRow(row));
  }

  /** Removes the rows of runs, or the rows that agree on all columns given, and returns their number. */
  async remove(request: wire.RemoveRequest): Promise<number> {
    return Number(await this.#post("remove", "removed", request));
  }

  /** Removes all rows. */
  async clear(): Promise<void> {
    await this.#connection.ask("/v1/clear", [], { body: "{}" });
  }

  /** Returns findings about the store and the files next to it. */
  async verify(request: wire.VerifyRequest = {}): Promise<readonly Finding[]> {
    const findings = await this.#post<readonly Finding[]>("verify", "findings", request);
    return findings.map(({ kind, message, repaired }) => ({
      kind,
      message,
      repaired: repaired ?? undefined, // null on the wire
    }));
  }

  /** Returns counts and columns of the store. */
  async status(): Promise<wire.StatusAnswer> {
    return await this.#connection.ask<wire.StatusAnswer>("/v1/status", ["store", "count"]);
  }

  /** Returns the columns of the store, and whether it exists. */
  async columns(): Promise<wire.ColumnsAnswer> {
    return await this.#connection.ask<wire.ColumnsAnswer>("/v1/columns", ["exists", "columns"]);
  }

  /** Returns the runs that failed and have not succeeded since, oldest first. */
  async failures(): Promise<readonly Failure[]> {
    type Answer = { readonly failures: readonly Failure[] };
    return (await this.#connection.ask<Answer>("/v1/failures", ["failures"])).failures
      .map((failure) => ({ ...failure, params: decodeJsonRow(failure.params) }));
  }

  /** Forgets failures by their params, and returns their number. */
  async forget(params: readonly Row[]): Promise<number> {
    return Number(await this.#post("forget", "forgotten", { batch: params }));
  }

  /** Returns the runs under way, and their holders. */
  async claims(): Promise<readonly RunningKey[]> {
    type Answer = { readonly claims: readonly RunningKey[] };
    return (await this.#connection.ask<Answer>("/v1/claims", ["claims"])).claims
      .map((held) => ({ ...held, params: decodeJsonRow(held.params) }));
  }

  /** Returns the plans of sweeps; none of a sidecar that knows no plans. */
  async plans(): Promise<readonly SweepPlan[]> {
    type Answer = { readonly plans: readonly unknown[] };
    const { plans } = await this.#connection.ask<Answer>("/v1/plans", ["plans"]);
    return plans.flatMap((plan) => readPlan(plan) ?? []);
  }

  /** Notes the plan of a sweep. */
  async notePlan(plan: SweepPlan): Promise<void> {
    await this.#connection.ask("/v1/plans", [], { body: encodePlan(plan) });
  }

  /** Returns a page of rows. */
  async runs(query: wire.RunsQuery = {}): Promise<RunsPage> {
    const page = await this.#connection.ask<RunsPage>("/v1/runs", ["rows", "total"], { query });
    return { ...page, rows: page.rows.map(decodeJsonRow) };
  }

  /** Returns all rows as JSON Lines, as they arrive. */
  async stream(query: wire.RunsQuery = {}): Promise<Response> {
    return await this.#connection.open("/v1/runs.ndjson", "ndjson", { query });
  }

  /** Returns the result of SQL over the store, as rows of plain JSON. */
  async query(request: wire.QueryRequest): Promise<readonly Row[]> {
    const body = requestText(request);
    const response = await this.#connection.open("/v1/query", "json", { body });
    try {
      const rows = parseJson(await response.text());
      if (Array.isArray(rows)) return rows as unknown as Row[];
    } catch (error) {
      throw new StoreError(
        `Cannot read the answer of store "${this.location}" to its end: ${messageOf(error)}; ` +
          `ask again`,
        { cause: error },
      );
    }
    throw new StoreError(`Cannot use store "${this.location}": its answer is no array of rows`);
  }

  /** Refuses all later requests. */
  close(): void {
    this.#connection.close();
  }

  /** Returns one member of the answer to a POST. */
  async #post<T>(route: string, member: string, request: object, patience = Infinity): Promise<T> {
    const body = requestText(request);
    const answer = await this.#connection.ask<Record<string, T>>(`/v1/${route}`, [member], {
      body,
      patience,
    });
    return answer[member]!;
  }
}
