import { clearInterval, setInterval } from "node:timers";
import process from "node:process";
import type {
  Backend,
  Claim,
  ClaimAnswer,
  ClaimOptions,
  Failure,
  FailureNote,
  Finding,
  HeldKey,
  Lease,
  OpenOptions,
  RecordAllOptions,
  RowsOptions,
  RowsSince,
  VerifyOptions,
} from "../core/backend.ts";
import { LostClaimError, messageOf, StoreError } from "../core/errors.ts";
import { jsonString, parseJson } from "../core/json.ts";
import { decodeJsonRow, encodeJsonRow } from "../core/json_row.ts";
import type { Key } from "../core/key.ts";
import { type Row, toValue } from "../core/value.ts";
import type { ColumnsAnswer, WireClaimAnswer, WireRow } from "../core/wire.ts";
import { batchesOf } from "./batches_of.ts";
import { hostName } from "./host_name.ts";
import { HttpConnection } from "./http_connection.ts";
import { linesOf } from "./lines_of.ts";
import { stamped } from "./stamped.ts";

/** For how long a claim is held without being renewed, in seconds, unless the URL says. */
const LEASE = 60;
/** How many rows are sent at a time. */
const BATCH = 500;

/** A claim that is renewed until it ends. */
interface Held {
  readonly token: string;
  /** What requests say of the run, as members of JSON. */
  readonly run: string;
}

/**
 * A store behind a sidecar. Claims are leases that are renewed as long as this process lives; a lost
 * connection is made again, and what is written twice for that counts once.
 */
export class HttpBackend implements Backend {
  readonly location: string;
  readonly #connection: HttpConnection;
  readonly #warn: (message: string) => void;
  readonly #lease: number;
  readonly #held = new Set<Held>();
  #renewal: ReturnType<typeof setInterval> | undefined;

  /** @throws {StoreError} If the URL makes no sense, or Deno gives no access to it. */
  constructor(url: URL, { warn = console.warn }: OpenOptions = {}) {
    this.#connection = new HttpConnection(url);
    this.location = this.#connection.location;
    this.#warn = warn;
    this.#lease = Number(url.searchParams.get("lease_seconds") ?? LEASE);
    if (!(this.#lease >= 1 && this.#lease <= 86_400)) {
      throw new StoreError(
        `Cannot open store "${this.location}": lease_seconds must be from 1 to 86400`,
      );
    }
  }

  /** Whether the store is there. */
  async exists(): Promise<boolean> {
    return (await this.#columns()).exists;
  }

  /** The columns of the store, in its order. */
  async columns(): Promise<readonly string[]> {
    return (await this.#columns()).columns;
  }

  async #columns(): Promise<ColumnsAnswer> {
    return await this.#connection.ask("/v1/columns") as unknown as ColumnsAnswer;
  }

  /** Whether a row agrees on all columns given. */
  async has(columns: Row): Promise<boolean> {
    const { has } = await this.#post("/v1/has", `"columns":${rowText(columns)}`);
    return has === true;
  }

  /** Whether there is a row with exactly this key. */
  async hasKey(key: Key): Promise<boolean> {
    return (await this.#post("/v1/has", runText(key)))["has"] === true;
  }

  /** The newest row with exactly this key. */
  async find(key: Key): Promise<Row | undefined> {
    return (await this.#find(key))?.row;
  }

  async #find(key: Key): Promise<{ readonly row: Row; readonly version: string } | undefined> {
    const { row, version } = await this.#post("/v1/find", runText(key));
    return row === null
      ? undefined
      : { row: decodeJsonRow(row as WireRow), version: version as string };
  }

  /** Adds a row. */
  async record(row: Row): Promise<void> {
    const text = `"row":${rowText(stamped(row))}`;
    const again = { body: `{${text},"retry":true}` };
    await this.#connection.ask("/v1/record", { body: `{${text}}`, again });
  }

  /** Adds many rows, some in one request. */
  async recordAll(
    rows: Iterable<Row> | AsyncIterable<Row>,
    { columns = [] }: RecordAllOptions = {},
  ): Promise<number> {
    const names = columns.length > 0 ? { columns: JSON.stringify(columns) } : {};
    const send = async (body: string): Promise<void> => {
      await this.#connection.ask("/v1/runs", {
        type: "application/x-ndjson",
        body,
        query: names,
        again: { query: { ...names, retry: "true" } },
      });
    };
    let count = 0;
    for await (const batch of batchesOf(rows, BATCH)) {
      await send(batch.map((row) => rowText(stamped(row))).join("\n"));
      count += batch.length;
    }
    if (count === 0 && columns.length > 0) await send("");
    return count;
  }

  /** All rows, oldest first. */
  async load(): Promise<Row[]> {
    const rows: Row[] = [];
    for await (const row of this.rows()) rows.push(row);
    return rows;
  }

  /** The rows, oldest first, one at a time, as they arrive. */
  async *rows({ columns }: RowsOptions = {}): AsyncGenerator<Row> {
    let query = {};
    if (columns) {
      const known = await this.columns();
      query = { columns: JSON.stringify(columns.filter((name) => known.includes(name))) };
    }
    yield* this.#rowsOf(await this.#connection.open("/v1/runs.ndjson", { query }));
  }

  /** The rows that were added since a mark. */
  async rowsSince(mark?: string): Promise<RowsSince> {
    const response = await this.#connection.open("/v1/runs.ndjson", {
      query: { since: mark ?? "" },
    });
    const { headers } = response;
    return {
      mark: headers.get("stet-mark") ?? "",
      isWhole: headers.get("stet-whole") !== "false",
      rows: this.#rowsOf(response),
    };
  }

  async *#rowsOf({ body }: Response): AsyncGenerator<Row> {
    try {
      for await (const line of linesOf(body ?? [])) yield decodeJsonRow(parseJson(line) as WireRow);
    } catch (error) {
      if (error instanceof StoreError) throw error;
      throw new StoreError(
        `Cannot read store "${this.location}" to its end: ${messageOf(error)}; read it again`,
        { cause: error },
      );
    }
  }

  /** Removes the rows that agree on all columns given; how many. */
  async remove(columns: Row): Promise<number> {
    if (Object.values(columns).every((value) => value === undefined)) {
      throw new TypeError(
        `Cannot remove rows of "${this.location}" without a column to match: use clear() to remove all`,
      );
    }
    return Number((await this.#post("/v1/remove", `"columns":${rowText(columns)}`))["removed"]);
  }

  /** Removes the rows with exactly this key; how many. */
  async removeKey(key: Key): Promise<number> {
    return Number((await this.#post("/v1/remove", runText(key)))["removed"]);
  }

  /** Removes all rows. */
  async clear(): Promise<void> {
    await this.#post("/v1/clear", "");
  }

  /** Claims a key by a lease, which is renewed until the claim ends, unless it is the caller's own. */
  async claim(key: Key, { isDone, lease }: ClaimOptions = {}): Promise<ClaimAnswer> {
    const run = runText(key);
    const token = lease?.token ?? crypto.randomUUID();
    let replaces = "";
    for (;;) {
      const text = `${run},"token":${jsonString(token)},${this.#leaseText(lease)}${replaces}`;
      const answer = await this.#post("/v1/claim", text) as unknown as WireClaimAnswer;
      if (answer.state === "busy") return { state: "busy", holder: answer.holder };
      if (answer.state === "claimed") {
        return { state: "claimed", claim: this.#claimOf({ token, run: run + replaces }, lease) };
      }
      const found = isDone && await this.#find(key);
      if (!isDone || found && isDone(found.row)) return { state: "done" };
      replaces = found ? `,"replaces":${jsonString(found.version)}` : "";
    }
  }

  #leaseText(lease: Lease | undefined): string {
    const seconds = lease ? Math.max(lease.until - Date.now(), 1) / 1000 : this.#lease;
    const host = hostName();
    const { holder = `process ${process.pid}${host === "" ? "" : ` on ${host}`}` } = lease ?? {};
    return `"lease_seconds":${seconds},"holder":${jsonString(holder.slice(0, 200))}`;
  }

  #claimOf(held: Held, lease: Lease | undefined): Claim {
    if (!lease) this.#hold(held);
    const { run, token } = held;
    const end = async (path: string, more: string): Promise<void> => {
      try {
        await this.#post(path, `${run},"token":${jsonString(token)}${more}`);
      } finally {
        this.#letGo(held);
      }
    };
    return {
      record: (row) => end("/v1/record", `,"row":${rowText(stamped(row))}`),
      fail: ({ error, stack, attempts = 1 }: FailureNote) =>
        end(
          "/v1/fail",
          `,"error":${jsonString(error)},"stack":${jsonString(stack)},"attempts":${attempts}`,
        ),
      release: () => end("/v1/release", ""),
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

  /** What cannot be renewed is told: the run goes on, and its record says whether the key was lost. */
  async #renewAll(): Promise<void> {
    for (const held of [...this.#held]) {
      if (!this.#held.has(held)) continue;
      const text = `${held.run},"token":${jsonString(held.token)},${this.#leaseText(undefined)}`;
      try {
        await this.#post("/v1/renew", text);
      } catch (error) {
        if (this.#held.has(held)) this.#warn(`[stet] Cannot renew a claim: ${messageOf(error)}`);
        if (error instanceof LostClaimError) this.#letGo(held);
      }
    }
  }

  /** The failures noted, oldest first. */
  async failures(): Promise<readonly Failure[]> {
    const { failures } = await this.#connection.ask("/v1/failures");
    return (failures as unknown as (Omit<Failure, "params"> & { params: WireRow })[])
      .map((failure) => ({ ...failure, params: decodeJsonRow(failure.params) }));
  }

  /** The keys that are being run now, and by whom. */
  async claims(): Promise<readonly HeldKey[]> {
    const { claims } = await this.#connection.ask("/v1/claims");
    return (claims as unknown as HeldKey[]).map(({ key, holder }) => ({ key, holder }));
  }

  /** What is wrong with the store and the files beside it, where the sidecar runs. */
  async verify({ repair = false }: VerifyOptions = {}): Promise<readonly Finding[]> {
    const { findings } = await this.#post("/v1/verify", `"repair":${repair}`);
    return (findings as unknown as (Omit<Finding, "repaired"> & { repaired: string | null })[])
      .map(({ kind, message, repaired }) => ({ kind, message, repaired: repaired ?? undefined }));
  }

  /** Gives claims back; later calls are errors. */
  async close(): Promise<void> {
    const held = [...this.#held];
    this.#held.clear();
    clearInterval(this.#renewal);
    try {
      for (const { run, token } of held) {
        await this.#post("/v1/release", `${run},"token":${jsonString(token)}`);
      }
    } catch (error) {
      if (!(error instanceof LostClaimError)) throw error;
    } finally {
      this.#connection.close();
    }
  }

  #post(path: string, members: string): ReturnType<HttpConnection["ask"]> {
    return this.#connection.ask(path, { body: `{${members}}` });
  }
}

/** What of a key a request says, as members of JSON. */
function runText({ shape, values }: Key): string {
  const { columns, defaults } = shape;
  const key = columns ? `,"key":${JSON.stringify(columns)}` : "";
  const cells = [...defaults].map(([name, cell]) => `${jsonString(name)}:${jsonString(cell)}`);
  const given = cells.length > 0 ? `,"defaults":{${cells.join(",")}}` : "";
  return `"params":${encodeJsonRow(values)}${key}${given}`;
}

/** A row on the wire; what no cell can hold is refused here. */
function rowText(row: Row): string {
  return encodeJsonRow(toValue(row, "row") as Row);
}

/**
 * Opens the store of the sidecar at a URL, once it answers.
 *
 * @throws {StoreError} If nothing, or something else, answers there.
 */
export async function open(location: string, options: OpenOptions): Promise<Backend> {
  const backend = new HttpBackend(new URL(location), options);
  await backend.columns();
  return backend;
}
