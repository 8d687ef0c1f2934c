import { Engine } from "../../core/contract/engine.ts";
import process from "node:process";
import { clearInterval, setInterval } from "node:timers";
import type {
  Claim,
  ClaimAnswer,
  ClaimOptions,
  Failure,
  FailureNote,
  HeldKey,
  Lease,
  OpenOptions,
  RowsAfter,
} from "../../core/contract/backend.ts";
import type {
  Finding,
  RecordAllOptions,
  RowsOptions,
  VerifyOptions,
} from "../../core/contract/engine.ts";
import { readCell } from "../../core/values/cell.ts";
import { LostClaimError, messageOf, StoreError } from "../../core/errors.ts";
import { parseJson } from "../../core/values/json.ts";
import { decodeJsonRow } from "../../core/values/json_row.ts";
import type { Key } from "../../core/keys/key.ts";
import { isPlainObject, type Row, setEntry, type Value } from "../../core/values/value.ts";
import type { LeaseFields, RunFields, WireRow } from "../../core/contract/wire.ts";
import { batchesOf } from "../batches_of.ts";
import { hostName } from "../files/host_name.ts";
import { SidecarClient } from "./http_client.ts";
import { linesOf } from "./lines_of.ts";
import { stamped } from "../../core/contract/stamped.ts";
import { removedKey } from "../../core/contract/subset_shape.ts";

/** For how long a claim is held without being renewed, in seconds, unless the URL says. */
const LEASE = 60;
/** How many rows are sent at a time. */
const BATCH = 500;
/** How many claims are renewed or released at the same time. */
const MAX_REQUESTS_AT_ONCE = 16;
/** The most time to release all claims, in milliseconds. */
const MAX_CLOSING_MS = 30_000;

/** A claim, as requests name it. */
type Held = RunFields & { readonly token: string; readonly replaces?: string };

/**
 * A store behind a sidecar. Claims are leases that are renewed as long as this process lives; a lost
 * connection is made again, and what is written twice for that counts once.
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
  readonly #warn: (message: string) => void;
  readonly #lease: number;
  readonly #held = new Set<Held>();
  #renewal: ReturnType<typeof setInterval> | undefined;
  #isRenewing = false;

  /**
   * @param url Where the sidecar listens. In its query: `token_file`, and `lease_seconds`, for how
   * long a claim is held when it cannot be renewed (default 60).
   * @throws {StoreError} If the URL makes no sense, or Deno gives no access to its host.
   */
  constructor(url: string | URL, { warn = console.warn }: OpenOptions = {}) {
    super();
    this.#client = new SidecarClient(url);
    this.#warn = warn;
    const lease = new URL(url).searchParams.get("lease_seconds") ?? String(LEASE);
    this.#lease = lease.trim() === "" ? NaN : Number(lease);
    if (this.#lease >= 1 && this.#lease <= 86_400) return;
    throw new StoreError(
      `Cannot open store "${this.location}": lease_seconds must be from 1 to 86400`,
    );
  }

  /** The URL, as messages show it. */
  get location(): string {
    return this.#client.location;
  }

  /** Whether the store is there. */
  async exists(): Promise<boolean> {
    return (await this.#client.columns()).exists;
  }

  /** The columns of the store, in its order. */
  async columns(): Promise<readonly string[]> {
    return (await this.#client.columns()).columns;
  }

  /** Whether a row agrees on all columns given. */
  override async has(columns: Row): Promise<boolean> {
    return await this.#client.has({ columns });
  }

  /** Whether there is a row with exactly this key. */
  override async hasKey(key: Key): Promise<boolean> {
    return await this.#client.has(runOf(key));
  }

  /** The newest row with exactly this key. */
  async find(key: Key): Promise<Row | undefined> {
    return (await this.#client.find(runOf(key)))?.row;
  }

  /** Adds a row. */
  async record(row: Row): Promise<void> {
    await this.#client.record({ row: stamped(row) });
  }

  /** Adds many rows, some in one request. */
  async recordAll(
    rows: Iterable<Row> | AsyncIterable<Row>,
    { columns = [] }: RecordAllOptions = {},
  ): Promise<number> {
    let count = 0;
    for await (const batch of batchesOf(rows, BATCH)) {
      await this.#client.recordAll(batch.map(stamped), columns);
      count += batch.length;
    }
    if (count === 0 && columns.length > 0) await this.#client.recordAll([], columns);
    return count;
  }

  /** The rows, oldest first, one at a time, as they arrive. */
  async *rows({ columns }: RowsOptions = {}): AsyncGenerator<Row> {
    const known = columns && await this.columns();
    const wanted = columns?.filter((name) => known?.includes(name));
    yield* this.#rowsOf(
      await this.#client.stream(wanted ? { columns: JSON.stringify(wanted) } : {}),
    );
  }

  /** The rows that were added since a cursor. */
  async rowsAfter(cursor?: string): Promise<RowsAfter> {
    const response = await this.#client.stream({ since: cursor ?? "" });
    const { headers } = response;
    return {
      cursor: headers.get("stet-mark") ?? "",
      isWhole: headers.get("stet-whole") !== "false",
      rows: this.#rowsOf(response),
    };
  }

  /** The rows of a response. Its connection is closed also if they are returned before the first. */
  #rowsOf(response: Response): AsyncGenerator<Row> {
    const rows = this.#read(response);
    const end = rows.return.bind(rows);
    rows.return = async (value) => {
      await response.body?.cancel().catch(() => {}); // it is being read: its reader cancels it
      return await end(value);
    };
    return rows;
  }

  async *#read({ body }: Response): AsyncGenerator<Row> {
    try {
      for await (const line of linesOf(body ?? [])) {
        const row = parseJson(line);
        if (!isPlainObject(row)) throw new SyntaxError(`a line is no row: ${line.slice(0, 80)}`);
        yield decodeJsonRow(row as WireRow);
      }
    } catch (error) {
      throw new StoreError(
        `Cannot read store "${this.location}" to its end: ${messageOf(error)}; read it again`,
        { cause: error },
      );
    }
  }

  /** Removes the rows that agree on all columns given; how many. */
  override async remove(columns: Row): Promise<number> {
    removedKey(this.location, columns); // not none
    return await this.#client.remove({ columns });
  }

  /** Removes the rows with exactly this key; how many. */
  override async removeKey(key: Key): Promise<number> {
    return await this.#client.remove(runOf(key));
  }

  /** Removes the rows with exactly one of these keys, some in one request; how many. */
  async removeKeys(keys: readonly Key[]): Promise<number> {
    const key = keys[0]?.shape.columns;
    let count = 0;
    if (!key) {
      for (const each of keys) count += await this.removeKey(each);
      return count;
    }
    for (let i = 0; i < keys.length; i += BATCH) {
      const batch = keys.slice(i, i + BATCH).map(({ values }) => values);
      count += await this.#client.remove({ batch, key });
    }
    return count;
  }

  /** Removes all rows. */
  async clear(): Promise<void> {
    await this.#client.clear();
  }

  /** Claims a key by a lease, which is renewed until the claim ends, unless it is the caller's own. */
  async claim(key: Key, { isDone, lease }: ClaimOptions = {}): Promise<ClaimAnswer> {
    const token = lease?.token ?? crypto.randomUUID();
    const asked = runOf(key);
    let run: Held = { ...asked, token };
    for (;;) {
      const answer = await this.#client.claim({ ...run, ...this.#leaseFields(lease) });
      if (answer.state === "busy") return { state: "busy", holder: answer.holder };
      if (answer.state === "claimed") return { state: "claimed", claim: this.#claimOf(run, lease) };
      const found = isDone && await this.#client.find(asked);
      if (!isDone || found && isDone(found.row)) return { state: "done" };
      // What was removed meanwhile is claimed like any other.
      run = { ...asked, token, ...found && { replaces: found.version } };
    }
  }

  #leaseFields(lease: Lease | undefined): Required<LeaseFields> {
    const host = hostName();
    const { holder = `process ${process.pid}${host === "" ? "" : ` on ${host}`}` } = lease ?? {};
    return {
      lease_seconds: lease ? Math.max(lease.until - Date.now(), 1) / 1000 : this.#lease,
      holder: holder.slice(0, 200),
    };
  }

  #claimOf(held: Held, lease: Lease | undefined): Claim {
    if (!lease) this.#hold(held);
    const ending = async (end: () => Promise<void>): Promise<void> => {
      try {
        await end();
      } finally {
        this.#letGo(held);
      }
    };
    return {
      record: (row) => {
        const added = stamped(row);
        return ending(() => this.#client.record({ ...held, row: added }));
      },
      fail: (note: FailureNote) => ending(() => this.#client.fail({ ...held, ...note })),
      release: () => ending(() => this.#client.release(held)),
    };
  }

  #hold(held: Held): void {
    this.#held.add(held);
    if (this.#renewal) return;
    this.#renewal = setInterval(() => void this.#renewAll(), this.#lease * 1000 / 3);
    this.#renewal.unref();
  }

  #letGo(held: Held): void {
    this.#held.delete(held);
    if (this.#held.size > 0) return;
    clearInterval(this.#renewal);
    this.#renewal = undefined;
  }

  /**
   * Renews all claims, the ones first that were renewed longest ago; ends before the next renewal is
   * due. A failure is a warning: the runs go on, and their records say whether the keys were lost.
   */
  async #renewAll(): Promise<void> {
    if (this.#isRenewing) return;
    this.#isRenewing = true;
    const interval = this.#lease * 1000 / 3;
    const errors = await this.#eachOf([...this.#held], interval, async (held, patience) => {
      if (!this.#held.has(held)) return;
      try {
        await this.#client.renew({ ...held, ...this.#leaseFields(undefined) }, patience);
        if (this.#held.delete(held)) this.#held.add(held); // to the end
      } catch (error) {
        if (!this.#held.has(held)) return; // it has ended meanwhile
        if (error instanceof LostClaimError) this.#letGo(held);
        throw error;
      }
    });
    this.#isRenewing = false;
    if (errors.length === 0) return;
    const what = errors.length === 1 ? "a claim" : `${errors.length} claims`;
    this.#warn(`[stet] Cannot renew ${what}: ${messageOf(errors[0])}`);
  }

  /**
   * Does something for each claim, some at a time; what failed. One that is not reached in the time, in
   * milliseconds, is left out.
   */
  async #eachOf(
    all: readonly Held[],
    time: number,
    act: (held: Held, patience: number) => Promise<void>,
  ): Promise<unknown[]> {
    const end = performance.now() + time;
    const errors: unknown[] = [];
    const left = all.values();
    const next = async (): Promise<void> => {
      for (const held of left) {
        const patience = end - performance.now();
        if (patience <= 0) return;
        await act(held, patience).catch((error) => void errors.push(error));
      }
    };
    await Promise.all(Array.from({ length: MAX_REQUESTS_AT_ONCE }, next));
    return errors;
  }

  /** The failures noted, oldest first. */
  async failures(): Promise<readonly Failure[]> {
    return await this.#client.failures();
  }

  /** Forgets failures by their params; how many. */
  async forget(params: readonly Row[]): Promise<number> {
    let count = 0;
    for (let i = 0; i < params.length; i += BATCH) {
      count += await this.#client.forget(params.slice(i, i + BATCH));
    }
    return count;
  }

  /** The keys that are being run now, and by whom. */
  async held(): Promise<readonly HeldKey[]> {
    return (await this.#client.claims()).map(({ key, holder }) => ({ key, holder }));
  }

  /** What is wrong with the store and the files beside it, where the sidecar runs. */
  override async verify({ repair = false }: VerifyOptions = {}): Promise<readonly Finding[]> {
    return await this.#client.verify({ repair });
  }

  /**
   * Releases all claims; later calls are errors.
   *
   * @throws {StoreError} If some could not be released. They end with their lease.
   */
  async close(): Promise<void> {
    const held = [...this.#held];
    this.#held.clear();
    clearInterval(this.#renewal);
    let released = 0;
    const errors = await this.#eachOf(held, MAX_CLOSING_MS, async (each, patience) => {
      try {
        await this.#client.release(each, patience);
      } catch (error) {
        if (!(error instanceof LostClaimError)) throw error; // a lost one is held no more
      }
      released++;
    });
    this.#client.close();
    const left = held.length - released;
    if (left === 0) return;
    throw new StoreError(
      `Cannot release ${left} of ${held.length} claims on store "${this.location}": ` +
        `${
          messageOf(errors[0] ?? "there was no time")
        }; they end by themselves after ${this.#lease} s`,
      { cause: errors.length === 1 ? errors[0] : new AggregateError(errors) },
    );
  }
}

/** Which run a key is, as requests say it. */
function runOf({ shape, values }: Key): RunFields {
  const defaults: Record<string, Value> = {};
  for (const [name, cell] of shape.defaults) setEntry(defaults, name, readCell(cell)!);
  return {
    params: values,
    ...shape.columns && { key: shape.columns },
    ...shape.defaults.size > 0 && { defaults },
  };
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
