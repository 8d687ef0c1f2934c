import { createHash, randomUUID } from "node:crypto";
import type {
  Claim,
  ClaimAnswer,
  ClaimOptions,
  Failure,
  FailureNote,
  HeldKey,
  Lease,
} from "../../core/contract/backend.ts";
import type { PgResult } from "../../packages/pg.ts";
import { LostClaimError } from "../../core/errors.ts";
import type { Key } from "../../core/keys/key.ts";
import { canonicalJson, parseJson } from "../../core/values/json.ts";
import type { Row } from "../../core/values/value.ts";
import { decodeNote, encodeNote } from "../state/failures.ts";
import { hostName } from "../files/host_name.ts";
import type { Connections } from "./connection/connections.ts";
import { Joiner } from "../../core/runtime/joiner.ts";
import type { TableNames } from "./layout.ts";
import { inlined, textArray } from "./sql_text.ts";
import { IS_DEAD, IS_OWNERS_LOCK, LOCKED_ID, type Owner, processName } from "./owner.ts";

/** Maximum number of requests, and of characters of their keys and rows, in a statement. */
export const MAX_JOINED = 1000, MAX_JOINED_CHARACTERS = 4_000_000;

/** A key that is claimed, as statements name it. */
export interface HeldToken {
  readonly key: Key;
  /** The key in the tables of claims: 128 bits of the hash of its text. */
  readonly id: string;
  /** Fencing token. */
  readonly token: string;
  readonly lease: Lease | undefined;
  readonly isDone: ClaimOptions["isDone"];
  /**
   * Number of statements that recorded rows without a claim when it was claimed; undefined if its key may have
   * a row.
   */
  seen: string | undefined;
}

/** The rows of a store, as claims use them. */
export interface ClaimedRows {
  /** Makes the tables of claims, where they are missing. */
  makeTables(): Promise<void>;
  /** Checks that the row of a key can be recorded. */
  check(key: Key): Promise<void>;
  /** Returns the newest row of a key, or undefined. */
  look(key: Key): Promise<Row | undefined>;
  /**
   * Returns the newest row of each key, by statements that are sent along with another one. An empty row may replace
   * one.
   *
   * @param send Sends these statements after its own, and returns their results. It may be called again.
   * @param isRead False if the cells are not needed.
   */
  lookAlong?(
    keys: readonly Key[],
    isRead: boolean,
    send: (lookups: readonly string[]) => Promise<readonly PgResult[]>,
  ): Promise<readonly (Row | undefined)[]>;
  /** Adds the row of a claim and ends that, in one step. */
  record(held: HeldToken, row: Row): Promise<void>;
}

/** The answer to one key of a batch of claims. */
type Answered = Entered | { readonly holder: string };

/** A claim that was entered. */
interface Entered {
  readonly seen: string | undefined;
  /** The row of its key, if that was looked up. */
  looked?: { readonly row: Row | undefined };
}

/** A claim that was not answered yet. */
interface Found {
  readonly token: string;
  readonly holder: string;
  readonly isDead: boolean;
}

/** The claims and failures of a store. Claims that wait at the same time are made in one statement. */
export class KeyClaims {
  readonly #connections: Connections;
  readonly #names: TableNames;
  readonly #location: string;
  readonly #owner: Owner;
  readonly #rows: ClaimedRows;
  #hasTables = false;
  readonly #claims = new Joiner<HeldToken, Answered>((items) => this.#claimAll(items), {
    maxItems: MAX_JOINED,
    maxSize: MAX_JOINED_CHARACTERS,
    sizeOf: ({ key }) => key.text.length,
    identityOf: ({ id }) => id,
  });
  readonly #releases = new Joiner<HeldToken, boolean>((items) => this.#releaseAll(items), {
    maxItems: MAX_JOINED,
  });

  constructor(
    connections: Connections,
    names: TableNames,
    location: string,
    owner: Owner,
    rows: ClaimedRows,
  ) {
    this.#connections = connections;
    this.#names = names;
    this.#location = location;
    this.#owner = owner;
    this.#rows = rows;
  }

  /** Resolves when no request is under way. */
  async settled(): Promise<void> {
    await this.#claims.settled();
    await this.#releases.settled();
  }

  /** Claims a key, unless its row counts as done or another holds it. */
  async claim(key: Key, { isDone, lease }: ClaimOptions): Promise<ClaimAnswer> {
    this.#connections.checkOpen();
    await this.#rows.check(key);
    const token = lease ? uuidOf(lease.token) : randomUUID();
    const id = uuidOf(`${this.#names.store}\0${key.text}`);
    const held: HeldToken = { key, id, token, lease, isDone, seen: undefined };
    const answer = await this.#claims.add(held);
    if ("holder" in answer) return { state: "busy", holder: answer.holder };
    if (!lease) this.#owner.retain();
    try {
      // After the claim: a run that ended before it has committed its row.
      const { row } = answer.looked ?? { row: await this.#rows.look(key) };
      if (!row) held.seen = answer.seen;
      if (!row || isDone && !isDone(row)) return { state: "claimed", claim: this.#claimOf(held) };
      await this.#releases.add(held);
    } catch (error) {
      if (!lease) this.#owner.release();
      await this.#releases.add(held).catch(() => {});
      throw error;
    }
    if (!lease) this.#owner.release();
    return { state: "done" };
  }

  #claimOf(held: HeldToken): Claim {
    let isOver = held.lease !== undefined;
    const over = (): void => {
      if (!isOver) this.#owner.release();
      isOver = true;
    };
    return {
      record: async (row) => {
        this.#connections.checkOpen();
        await this.#rows.record(held, row);
        over();
      },
      fail: async (note) => {
        this.#connections.checkOpen();
        await this.#fail(held, note);
        over();
      },
      release: async () => {
        over();
        if (this.#connections.isClosed) {
          if (!held.lease) return; // the claim has ended with the store
          this.#connections.checkOpen();
        }
        if (!await this.#releases.add(held) && held.lease) throw await this.lost(held);
      },
    };
  }

  /** Claims keys, no two of which are equal. */
  async #claimAll(items: readonly HeldToken[]): Promise<readonly Answered[]> {
    if (!this.#hasTables) await this.#rows.makeTables();
    this.#hasTables = true;
    const answers = new Map<string, Answered>();
    for (;;) {
      const left = items.filter(({ id }) => !answers.has(id));
      if (left.length === 0) return items.map(({ id }) => answers.get(id)!);
      await this.#insert(left, answers);
      const taken = left.filter(({ id }) => !answers.has(id));
      const leased = taken.filter(({ lease }) => lease);
      if (leased.length > 0) await this.#takeLeases(leased, answers);
      if (taken.length > 0) await this.#findHolders(taken, answers);
    }
  }

  /** Enters claims of keys that nobody holds. */
  async #insert(items: readonly HeldToken[], answers: Map<string, Answered>): Promise<void> {
    const leased = items.filter(({ lease }) => lease);
    const own = items.filter(({ lease }) => !lease);
    if (leased.length > 0) await this.#enter(undefined, leased, answers);
    while (own.length > 0) {
      const owner = await this.#owner.enter();
      if (await this.#enter(owner, own, answers)) return;
      this.#owner.lose(owner); // its lease was over: a new owner claims
    }
  }

  /** Enters claims of an owner, or of leases, and looks up their keys. False if the owner is dead. */
  async #enter(
    owner: string | undefined,
    items: readonly HeldToken[],
    answers: Map<string, Answered>,
  ): Promise<boolean> {
    const names = this.#names;
    const isLeased = owner === undefined;
    const me = isLeased ? "SELECT" : `SELECT FROM ${names.owners} WHERE id = $1 FOR KEY SHARE`;
    const end = isLeased
      ? "clock_timestamp() + a.seconds * interval '1 second', a.holder"
      : "NULL::timestamptz, $6";
    const leases = isLeased ? ", $6::double precision[], $7::text[]" : "";
    const sql = `WITH me AS MATERIALIZED (${me}),
      added AS (
        INSERT INTO ${names.claims} (key, token, owner, until, holder, store, text)
        SELECT a.key, a.token, $1::bigint, ${end}, $2, a.text
        FROM unnest($3::uuid[], $4::uuid[], $5::text[]${leases})
          AS a(key, token, text${isLeased ? ", seconds, holder" : ""}), me
        ORDER BY a.key ON CONFLICT (key) DO NOTHING RETURNING key)
      SELECT (SELECT count(*) FROM me), (SELECT array_to_json(array_agg(key)) FROM added),
        COALESCE((SELECT unclaimed FROM ${names.stores} WHERE store = $2), 0)`;
    const parameters = isLeased ? leaseParameters(items) : [...keyParameters(items), processName()];
    const values = [owner ?? null, names.store, ...parameters];
    const entered = new Map<string, Entered>();
    let isAlive = true;
    const note = ({ rows }: PgResult): void => {
      const [count, keys, seen] = rows[0] as string[];
      isAlive = count !== "0";
      for (const key of JSON.parse(keys ?? "[]") as string[]) entered.set(key, { seen });
    };
    if (this.#rows.lookAlong) {
      const isRead = items.some(({ isDone }) => isDone);
      const keys = items.map(({ key }) => key);
      const rows = await this.#rows.lookAlong(keys, isRead, async (lookups) => {
        const script = [inlined(sql, values), ...lookups];
        const [first, ...results] = await this.#connections.use((connection) =>
          connection.script(script)
        );
        note(first!);
        return results;
      });
      for (const [i, { id }] of items.entries()) {
        const claim = entered.get(id);
        if (claim) claim.looked = { row: rows[i] };
      }
    } else {
      note(await this.#connections.query(sql, values));
    }
    for (const [key, claim] of entered) answers.set(key, claim);
    return isAlive;
  }

  /** Renews the leases of the same token, and removes those that are over: their keys are free then. */
  async #takeLeases(items: readonly HeldToken[], answers: Map<string, Answered>): Promise<void> {
    const { rows } = await this.#connections.query(
      `WITH asked AS (
         SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::double precision[], $5::text[])
           AS a(key, token, text, seconds, holder)),
       gone AS (DELETE FROM ${this.#names.claims} c USING asked a
         WHERE c.key = a.key AND c.token <> a.token AND c.until <= clock_timestamp())
       UPDATE ${this.#names.claims} c SET holder = a.holder,
         until = clock_timestamp() + a.seconds * interval '1 second'
       FROM asked a WHERE c.key = a.key AND c.token = a.token RETURNING c.key`,
      leaseParameters(items),
    );
    for (const [key] of rows) answers.set(key as string, { seen: undefined });
  }

  /** Answers busy for keys of living holders. Claims of dead ones are removed. */
  async #findHolders(items: readonly HeldToken[], answers: Map<string, Answered>): Promise<void> {
    const left = items.filter(({ id }) => !answers.has(id));
    const found = await this.#holders(left);
    let isAnyDead = false;
    for (const { id, token } of left) {
      const holder = found.get(id);
      if (!holder) continue; // it has ended just now: the key is asked for again
      if (holder.token === token) answers.set(id, { seen: undefined }); // a statement that was sent twice
      else if (holder.isDead) isAnyDead = true;
      else answers.set(id, { holder: holder.holder });
    }
    if (isAnyDead) await this.#removeDead();
  }

  async #holders(items: readonly { readonly id: string }[]): Promise<Map<string, Found>> {
    const { rows } = await this.#connections.query(
      `SELECT c.key, c.token, c.holder, CASE WHEN c.owner IS NULL THEN c.until <= clock_timestamp()
         ELSE o.id IS NULL OR ${IS_DEAD} END
       FROM ${this.#names.claims} c LEFT JOIN ${this.#names.owners} o ON o.id = c.owner
       WHERE c.key = ANY ($1::uuid[])`,
      [items.map(({ id }) => id)],
    );
    return new Map((rows as string[][]).map(([key, token, holder, isDead]) => [key!, {
      token: token!,
      holder: decodeNote(holder!),
      isDead: isDead === "t",
    }]));
  }

  /**
   * Removes dead owners, then their claims, and leases that are over.
   *
   * The owners first, under the lock of their rows: an owner that renews its lease at the same time is alive, or
   * learns that it is dead. The claims by the ids of dead owners, in a statement of its own, which sees all that
   * they entered: ids are never used again, and a claim is entered only while its owner is there.
   */
  async #removeDead(): Promise<void> {
    const { rows } = await this.#connections.query(
      `WITH dead AS (DELETE FROM ${this.#names.owners} o WHERE ${IS_DEAD} RETURNING o.id)
       SELECT id FROM dead UNION SELECT c.owner FROM ${this.#names.claims} c
       WHERE c.owner IS NOT NULL AND NOT EXISTS (
         SELECT FROM ${this.#names.owners} o WHERE o.id = c.owner)`,
    );
    await this.#connections.query(
      `DELETE FROM ${this.#names.claims}
       WHERE owner = ANY ($1::bigint[]) OR until <= clock_timestamp()`,
      [rows.map(([id]) => id)],
    );
  }

  /** Ends claims; true for those that were held. */
  async #releaseAll(items: readonly HeldToken[]): Promise<readonly boolean[]> {
    const { rows } = await this.#connections.query(
      `DELETE FROM ${this.#names.claims} c USING unnest($1::uuid[], $2::uuid[]) AS t(key, token),
         ${heldClaim(this.#names.claims)} WHERE c.ctid = x.place RETURNING c.token`,
      [items.map(({ id }) => id), items.map(({ token }) => token)],
    );
    const ended = new Set(rows.map(([token]) => token));
    return items.map(({ token }) => ended.has(token));
  }

  /** Ends a claim; true if it was held. */
  end(held: HeldToken): Promise<boolean> {
    return this.#releases.add(held);
  }

  /** Returns the error that a claim was lost, which names the one that has the key now. */
  async lost({ key, id }: HeldToken): Promise<LostClaimError> {
    const holder = (await this.#holders([{ id }])).get(id);
    const row = holder ? undefined : await this.#rows.look(key);
    const why = holder
      ? `${holder.holder} has claimed its key since`
      : row
      ? `its key was recorded by another`
      : `its lease was over, or it was released`;
    return new LostClaimError(
      `Cannot end a claim on store "${this.#location}": it was lost, ${why}; nothing was written`,
    );
  }

  async #fail(held: HeldToken, { error, stack, attempts = 1 }: FailureNote): Promise<void> {
    const { key, id, token } = held;
    const time = new Date().toISOString();
    const { rows } = await this.#connections.query(
      `WITH mine AS (DELETE FROM ${this.#names.claims}
         WHERE key = $2 AND token = $3 RETURNING key),
       noted AS (INSERT INTO ${this.#names.failures} AS f
         SELECT key, $1, $4, $5, $6, $7::bigint, $8, $9 FROM mine
         ON CONFLICT (key) DO UPDATE SET error = excluded.error, stack = excluded.stack,
           attempt = f.attempt + excluded.attempt, time = excluded.time, host = excluded.host)
       SELECT (SELECT count(*) FROM mine),
         EXISTS (SELECT FROM ${this.#names.failures} WHERE key = $2 AND time = $8)`,
      [
        this.#names.store,
        id,
        token,
        canonicalJson(key.values),
        encodeNote(error),
        encodeNote(stack),
        attempts,
        time,
        hostName(),
      ],
    );
    const [count, isThere] = rows[0] as string[];
    if (count === "0" && isThere !== "t") throw await this.lost(held); // else it was sent twice
  }

  /** Returns the keys that living owners and leases hold. */
  async held(): Promise<readonly HeldKey[]> {
    if (!await this.#isThere(this.#names.claims)) return [];
    const { rows } = await this.#connections.query(
      // A table of an earlier version has no column of times.
      `WITH sessions AS (SELECT ${LOCKED_ID} AS id, min(a.application_name) AS name
         FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE ${IS_OWNERS_LOCK} GROUP BY 1)
       SELECT c.text, c.holder, substring(s.name FROM '^stet (.+)'),
         to_char((to_jsonb(c) ->> 'since')::timestamptz AT TIME ZONE 'UTC',
           'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') FROM ${this.#names.claims} c
       LEFT JOIN ${this.#names.owners} o ON o.id = c.owner LEFT JOIN sessions s ON s.id = c.owner
       WHERE c.store = $1 AND CASE WHEN c.owner IS NULL THEN c.until > clock_timestamp()
         ELSE o.id IS NOT NULL AND NOT (${IS_DEAD}) END`,
      [this.#names.store],
    );
    return (rows as (string | null)[][]).map(([text, holder, version, since]) => ({
      key: decodeNote(text!),
      holder: decodeNote(holder!),
      since: since ?? undefined,
      ...version && { version },
    }));
  }

  /** Returns the failures, oldest first. */
  async failures(): Promise<readonly Failure[]> {
    if (!await this.#isThere(this.#names.failures)) return [];
    const { rows } = await this.#connections.query(
      `SELECT params, error, stack, attempt, time, host FROM ${this.#names.failures}
       WHERE store = $1 ORDER BY time`,
      [this.#names.store],
    );
    return (rows as string[][]).map(([params, error, stack, attempt, time, host]) => ({
      params: parseJson(params!) as Row,
      error: decodeNote(error!),
      stack: decodeNote(stack!),
      attempt: Number(attempt),
      time: time!,
      host: host!,
    }));
  }

  /** Forgets failures by their params, and returns their number. */
  async forget(params: readonly Row[]): Promise<number> {
    if (params.length === 0 || !await this.#isThere(this.#names.failures)) return 0;
    const { rowCount } = await this.#connections.query(
      `DELETE FROM ${this.#names.failures} WHERE store = $1 AND params = ANY ($2::text[])`,
      [this.#names.store, params.map((each) => canonicalJson(each))],
    );
    return rowCount ?? 0;
  }

  /** Forgets all failures. */
  async forgetAll(): Promise<void> {
    if (!await this.#isThere(this.#names.failures)) return;
    await this.#connections.query(
      `DELETE FROM ${this.#names.failures} WHERE store = $1`,
      [this.#names.store],
    );
  }

  async #isThere(table: string): Promise<boolean> {
    if (this.#hasTables) return true;
    const { rows } = await this.#connections.query("SELECT to_regclass($1) IS NOT NULL", [table]);
    return rows[0]![0] === "t";
  }
}

/**
 * The claim of relation `t` by its key and token, as `x.place`. A join would read the whole table, in which are many
 * rows of claims that have ended.
 */
export function heldClaim(claims: string): string {
  return `LATERAL (SELECT ctid AS place FROM ${claims} h
    WHERE h.key = t.key AND h.token = t.token OFFSET 0) AS x`;
}

/** Returns 128 bits of the hash of a text. */
function uuidOf(text: string): string {
  const hex = createHash("sha256").update(text).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${
    hex.slice(20, 32)
  }`;
}

/** Key, token, text, seconds of the lease and holder of leased claims. */
function leaseParameters(items: readonly HeldToken[]): readonly unknown[] {
  const now = Date.now();
  return [
    ...keyParameters(items),
    textArray(items.map(({ lease }) => `${(lease!.until - now) / 1000}`)),
    textArray(items.map(({ lease }) => encodeNote(lease!.holder ?? processName()))),
  ];
}

/** Key, token and text of claims. */
function keyParameters(items: readonly HeldToken[]): readonly unknown[] {
  return [
    textArray(items.map(({ id }) => id)),
    textArray(items.map(({ token }) => token)),
    textArray(items.map(({ key }) => encodeNote(key.text))),
  ];
}
