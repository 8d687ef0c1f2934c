import type {
  Claim,
  ClaimAnswer,
  ClaimOptions,
  Failure,
  HeldKey,
  Lease,
  OpenOptions,
  RowsAfter,
} from "../../core/contract/backend.ts";
import {
  Engine,
  type Finding,
  type RecordAllOptions,
  type RowsOptions,
  type VerifyOptions,
} from "../../core/contract/engine.ts";
import { stamped } from "../../core/contract/stamped.ts";
import type { SweepPlan } from "../../core/contract/sweep_plan.ts";
import { removedKey } from "../../core/contract/subset_shape.ts";
import { StoreError } from "../../core/errors.ts";
import type { Key } from "../../core/keys/key.ts";
import { closeAfter } from "../../core/runtime/close_after.ts";
import { Joiner } from "../../core/runtime/joiner.ts";
import { sourceIn } from "../../core/values/columns.ts";
import type { Row } from "../../core/values/value.ts";
import { recordBatches } from "../record_batches.ts";
import { SidecarClient } from "./http_client.ts";
import { runOf } from "./request_text.ts";
import { findAll, type Look, MAX_KEYS, MAX_TEXT } from "./find_all.ts";
import { type HeldRun, Leases } from "./leases.ts";
import { responseRows } from "./response_rows.ts";

/** The length of a lease unless the URL has one, in seconds. */
const DEFAULT_LEASE_SECONDS = 60;
/** The number of rows in a request. */
const BATCH_ROWS = 500;

/**
 * A store behind a sidecar. Claims are leases that are renewed as long as this process lives. A lost
 * connection is made again, and a row that is sent twice for that counts once.
 *
 * @example
 * ```ts
 * import { HttpBackend } from "@stet/stet/backends";
 * import { serve } from "@stet/stet/server";
 * import assert from "node:assert/strict";
 *
 * const sidecar = await serve({ store: ":memory:", port: 0 });
 * const backend = new HttpBackend(sidecar.url);
 * await backend.record({ alpha: 0.1, model: "a" });
 * assert(await backend.has({ alpha: 0.1 }));
 * await backend.close();
 * await sidecar.close();
 * ```
 */
export class HttpBackend extends Engine {
  readonly #client: SidecarClient;
  readonly #leases: Leases;
  readonly #looks: Joiner<Look, Row | undefined>;

  /**
   * Makes a store of a sidecar, and sends nothing yet.
   *
   * @param url Where the sidecar listens. In its query: `token_file`, and `lease_seconds`, for how
   * long a claim is held when it cannot be renewed (default 60).
   * @throws {StoreError} If the URL makes no sense, or Deno gives no access to its host.
   */
  constructor(url: string | URL, { warn = console.warn }: OpenOptions = {}) {
    super();
    this.#client = new SidecarClient(url);
    const lease = new URL(url).searchParams.get("lease_seconds") ?? `${DEFAULT_LEASE_SECONDS}`;
    const seconds = lease.trim() === "" ? NaN : Number(lease);
    if (!(seconds >= 1 && seconds <= 86_400)) {
      throw new StoreError(
        `Cannot open store "${this.location}": lease_seconds must be from 1 to 86400`,
      );
    }
    this.#leases = new Leases(this.#client, seconds, warn);
    this.#looks = new Joiner((looks) => findAll(this.#client, looks), {
      maxItems: MAX_KEYS,
      maxSize: MAX_TEXT,
      sizeOf: ({ key }) => key.text.length,
    });
  }

  /** URL of the sidecar, as messages show it. */
  get location(): string {
    return this.#client.location;
  }

  /** Returns false while nothing has made the store. */
  async exists(): Promise<boolean> {
    return (await this.#client.columns()).exists;
  }

  /** Returns the columns of the store, in its order. */
  async columns(): Promise<readonly string[]> {
    return (await this.#client.columns()).columns;
  }

  /** Returns true if a row agrees on all columns given. */
  override async has(columns: Row): Promise<boolean> {
    return await this.#client.has({ columns });
  }

  /** Returns true if there is a row with exactly this key. */
  override async hasKey(key: Key): Promise<boolean> {
    return await this.#client.has(runOf(key));
  }

  /** Returns the newest row with exactly this key, or undefined. */
  find(key: Key): Promise<Row | undefined> {
    return this.#looks.add({ key });
  }

  /** Returns the `_stet_source` of the newest row with this key; empty if the row has none. */
  override async sourceOf(key: Key): Promise<string | undefined> {
    const row = await this.#looks.add({ key, only: "source" });
    return row && sourceIn(row);
  }

  /** Returns the newest row with this key, with its result columns at least. */
  override savedResult(key: Key): Promise<Row | undefined> {
    return this.#looks.add({ key, only: "result" });
  }

  /** Adds a row. The sidecar has recorded it when the promise resolves. */
  async record(row: Row): Promise<void> {
    await this.#client.record({ row: stamped(row) });
  }

  /** Adds many rows, a batch in each request. */
  recordAll(
    rows: Iterable<Row> | AsyncIterable<Row>,
    { columns = [] }: RecordAllOptions = {},
  ): Promise<number> {
    const add = (batch: readonly Row[]): Promise<void> => this.#client.recordAll(batch, columns);
    return recordBatches(rows, columns, BATCH_ROWS, stamped, add);
  }

  /** Yields the rows, oldest first, from one streamed answer. */
  async *rows({ columns }: RowsOptions = {}): AsyncGenerator<Row> {
    const known = columns && await this.columns();
    const wanted = columns?.filter((name) => known?.includes(name));
    const query = wanted ? { columns: JSON.stringify(wanted) } : {};
    yield* responseRows(await this.#client.stream(query), this.location);
  }

  /** Returns the rows that were added since a cursor, and the cursor of now. */
  async rowsAfter(cursor?: string): Promise<RowsAfter> {
    const response = await this.#client.stream({ since: cursor ?? "" });
    const { headers } = response;
    return {
      cursor: headers.get("stet-mark") ?? "",
      isWhole: headers.get("stet-whole") !== "false",
      rows: responseRows(response, this.location),
    };
  }

  /** Removes every row that agrees on all columns given, and returns their number. */
  override async remove(columns: Row): Promise<number> {
    removedKey(this.location, columns); // not none
    return await this.#client.remove({ columns });
  }

  /** Removes every row with exactly this key, and returns their number. */
  override async removeKey(key: Key): Promise<number> {
    return await this.#client.remove(runOf(key));
  }

  /** Removes every row with one of these keys, a batch in each request, and returns their number. */
  async removeKeys(keys: readonly Key[]): Promise<number> {
    const key = keys[0]?.shape.columns;
    let count = 0;
    if (!key) {
      for (const each of keys) count += await this.removeKey(each);
      return count;
    }
    for (let i = 0; i < keys.length; i += BATCH_ROWS) {
      const batch = keys.slice(i, i + BATCH_ROWS).map(({ values }) => values);
      count += await this.#client.remove({ batch, key });
    }
    return count;
  }

  /** Removes all rows and all failures. */
  async clear(): Promise<void> {
    await this.#client.clear();
  }

  /** Claims a key by a lease, which is renewed until the claim ends unless it is the caller's own. */
  async claim(key: Key, { isDone, lease }: ClaimOptions = {}): Promise<ClaimAnswer> {
    const token = lease?.token ?? crypto.randomUUID();
    const asked = runOf(key);
    let run: HeldRun = { ...asked, token };
    for (;;) {
      const answer = await this.#client.claim({ ...run, ...this.#leases.fields(lease) });
      if (answer.state === "busy") return { state: "busy", holder: answer.holder };
      if (answer.state === "claimed") return { state: "claimed", claim: this.#claimOf(run, lease) };
      const found = isDone && await this.#client.find(asked);
      if (!isDone || found && isDone(found.row)) return { state: "done" };
      // What was removed meanwhile is claimed like any other.
      run = { ...asked, token, ...found && { replaces: found.version } };
    }
  }

  #claimOf(held: HeldRun, lease: Lease | undefined): Claim {
    if (!lease) this.#leases.retain(held);
    const ending = (end: Promise<void>): Promise<void> =>
      end.finally(() => this.#leases.release(held));
    return {
      record: (row) => ending(this.#client.record({ ...held, row: stamped(row) })),
      fail: (note) => ending(this.#client.fail({ ...held, ...note })),
      release: () => ending(this.#client.release(held)),
    };
  }

  /** Returns the plans of sweeps that the sidecar's store has. */
  override async plans(): Promise<readonly SweepPlan[]> {
    return await this.#client.plans();
  }

  /** Notes the plan of a sweep in the sidecar's store. */
  override async notePlan(plan: SweepPlan): Promise<void> {
    await this.#client.notePlan(plan);
  }

  /** Returns the failures noted since each key last succeeded, oldest first. */
  async failures(): Promise<readonly Failure[]> {
    return await this.#client.failures();
  }

  /** Forgets failures, named by their params, and returns their number. */
  async forget(params: readonly Row[]): Promise<number> {
    let count = 0;
    for (let i = 0; i < params.length; i += BATCH_ROWS) {
      count += await this.#client.forget(params.slice(i, i + BATCH_ROWS));
    }
    return count;
  }

  /** Returns the keys that are claimed now, and their holders. */
  async held(): Promise<readonly HeldKey[]> {
    return (await this.#client.claims()).map(({ key, holder, version, since }) => ({
      key,
      holder,
      since: since ?? undefined,
      ...version !== undefined && { version },
    }));
  }

  /** Returns what the sidecar finds in its store. */
  override verify(options?: VerifyOptions): Promise<readonly Finding[]> {
    return this.#client.verify(options);
  }

  /**
   * Releases the claims that are held and closes the connection.
   *
   * @throws {StoreError} If some claims could not be released. They end with their lease.
   */
  close(): Promise<void> {
    return closeAfter(() => this.#leases.close(), () => this.#client.close());
  }
}

/**
 * Opens the store of the sidecar at a URL, once it answers.
 *
 * @throws {StoreError} If nothing, or something else, answers there.
 */
export async function open(location: string, options: OpenOptions): Promise<HttpBackend> {
  const backend = new HttpBackend(location, options);
  await backend.columns();
  return backend;
}
