import { randomBytes } from "node:crypto";
import process from "node:process";
import { messageOf, StoreError } from "../../core/errors.ts";
import { hostName } from "../files/host_name.ts";
import type { EndTimer } from "./connection/clock.ts";
import type { Connection } from "./connection/connection.ts";
import type { Connections } from "./connection/connections.ts";
import { isPooled } from "./connection/is_pooled.ts";
import type { TableNames } from "./layout.ts";
import type { PostgresUrl } from "./connection/postgres_url.ts";

/** Number of renewals within the time of a lease. */
const RENEWALS = 6;
/** Minimum time limit of a renewal, in milliseconds. */
const MIN_RENEWAL_MS = 2_000;

/** Returns the name of this process, as others see it. */
export function processName(): string {
  const host = hostName();
  return `process ${process.pid}${host === "" ? "" : ` on ${host}`}`;
}

/** The id that an advisory lock `l` is of. */
export const LOCKED_ID = "(l.classid::bigint << 32 | l.objid::bigint)";

/** The term that a lock `l` is one of an owner in this database. */
export const IS_OWNERS_LOCK = `l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`;

/** The term that an owner `o` is dead: its lease is over, and no session holds its lock. */
export const IS_DEAD = `o.until <= clock_timestamp()
  AND pg_postmaster_start_time() + o.lease <= clock_timestamp()
  AND NOT EXISTS (SELECT FROM pg_locks l WHERE ${IS_OWNERS_LOCK} AND ${LOCKED_ID} = o.id)`;

/**
 * The owner of the claims of an open store. It lives while its lease runs by the server's clock, or its session
 * holds its lock: the lease survives a lost connection and a restart of the server, the lock an event loop that is
 * blocked.
 *
 * The lease is renewed while there are claims. Ids are random and never used again.
 */
export class Owner {
  readonly #connections: Connections;
  readonly #url: PostgresUrl;
  readonly #names: TableNames;
  readonly #warn: (message: string) => void;
  #id: string | undefined;
  #entering: Promise<string> | undefined;
  /** Undefined until it is known whether sessions can be used. */
  #isLeaseOnly: boolean | undefined;
  #session: Connection | undefined;
  #hasLock = false;
  #renewed = -Infinity;
  #claims = 0;
  #endTimer: EndTimer | undefined;
  #renewal: Promise<void> | undefined;

  constructor(
    connections: Connections,
    url: PostgresUrl,
    names: TableNames,
    warn: (message: string) => void,
  ) {
    this.#connections = connections;
    this.#url = url;
    this.#names = names;
    this.#warn = warn;
    this.#isLeaseOnly = url.claims === "lease" ? true : undefined;
  }

  /** Returns the id of the living owner. */
  async enter(): Promise<string> {
    this.#connections.checkOpen();
    if (this.#id !== undefined) {
      if (this.#connections.clock.now() - this.#renewed > this.#leaseMs / 3) await this.#renew();
      if (this.#id !== undefined) return this.#id;
    }
    return await (this.#entering ??= this.#enter().finally(() => this.#entering = undefined));
  }

  /** Notes that the server does not know an id: all of its claims are lost. */
  lose(id: string): void {
    if (id !== this.#id) return;
    this.#id = undefined;
    if (this.#claims === 0) return;
    this.#warn(
      `[stet] Lost ${this.#claims} claims on "${this.#url.location}": the server was not reached for ` +
        `longer than their lease of ${this.#url.leaseSeconds} s; their runs are not recorded`,
    );
  }

  /** Notes that a claim is held. */
  retain(): void {
    this.#claims++;
    if (this.#endTimer) return;
    const renew = (): void => void this.#renew().catch(() => {});
    this.#endTimer = this.#connections.clock.every(this.#leaseMs / RENEWALS, renew);
  }

  /** Notes that a claim has ended. */
  release(): void {
    if (--this.#claims > 0) return;
    this.#endTimer?.();
    this.#endTimer = undefined;
  }

  /** Ends all claims. */
  async close(): Promise<void> {
    this.#endTimer?.();
    await this.#entering?.catch(() => {});
    await this.#renewal?.catch(() => {});
    const id = this.#id;
    this.#id = undefined;
    try {
      if (id === undefined) return;
      const end = `WITH gone AS (DELETE FROM ${this.#names.owners} WHERE id = $1)
        DELETE FROM ${this.#names.claims} WHERE owner = $1`;
      await this.#connections.query(end, [id]);
    } catch (error) {
      throw new StoreError(
        `Cannot release the claims on store "${this.#url.location}": ${
          messageOf(error)
        }; they end by ` +
          `themselves after ${this.#url.leaseSeconds} s`,
        { cause: error },
      );
    } finally {
      await this.#session?.close();
    }
  }

  get #leaseMs(): number {
    return this.#url.leaseSeconds * 1000;
  }

  async #enter(): Promise<string> {
    await this.#findMode();
    const id = randomId();
    await this.#connections.retrying(() => this.#openSession(id));
    const sent = this.#connections.clock.now();
    await this.#connections.query(
      `INSERT INTO ${this.#names.owners} (id, holder, until, lease)
       VALUES ($1, $2, clock_timestamp() + $3::interval, $3::interval)
       ON CONFLICT (id) DO UPDATE SET until = excluded.until`,
      [id, processName(), `${this.#url.leaseSeconds} s`],
    );
    this.#renewed = sent;
    return this.#id = id;
  }

  /** @throws {StoreError} If sessions are asked for behind a pooler. */
  async #findMode(): Promise<void> {
    if (this.#isLeaseOnly !== undefined) return;
    const session = await this.#connections.retrying(() => this.#connections.open());
    const isLeaseOnly = await this.#connections.use((other) => isPooled(session, other));
    if (!isLeaseOnly) {
      this.#isLeaseOnly = false;
      this.#keep(session);
      return;
    }
    await session.close();
    const { location, claims, leaseSeconds } = this.#url;
    if (claims === "session") {
      throw new StoreError(
        `Cannot claim on store "${location}": a pooler gives each transaction another session, on which ` +
          `a lock would stay for good; leave out claims=session, or connect to the server itself`,
      );
    }
    this.#isLeaseOnly = true;
    this.#warn(
      `[stet] "${location}" is behind a pooler: claims are leases of ${leaseSeconds} s alone, and a run that ` +
        `blocks the event loop for longer may be repeated; connect to the server itself if that matters, ` +
        `or give claims=lease`,
    );
  }

  #keep(session: Connection): void {
    this.#session = session;
    this.#hasLock = false;
    session.onEnd(() => {
      if (this.#session !== session) return;
      this.#session = undefined;
      if (this.#claims > 0 && !this.#connections.isClosed) void this.#renew().catch(() => {});
    });
  }

  /** Has the session hold the lock of an owner, as far as can be. Behind a pooler it only renews the lease. */
  async #openSession(id: string): Promise<void> {
    if (!this.#session || this.#session.isBroken) this.#keep(await this.#connections.open());
    if (this.#isLeaseOnly || this.#hasLock && id === this.#id) return;
    // The session before may hold it until the server notices that it is gone.
    const { rows } = await this.#session!.query("SELECT pg_try_advisory_lock($1)", [id]);
    this.#hasLock = rows[0]![0] === "t";
  }

  async #renew(): Promise<void> {
    await (this.#renewal ??= this.#renewOnce().finally(() => this.#renewal = undefined));
  }

  async #renewOnce(): Promise<void> {
    const id = this.#id;
    if (id === undefined || this.#connections.isClosed) return;
    const sent = this.#connections.clock.now();
    const renew = `UPDATE ${this.#names.owners} SET until = clock_timestamp() + lease
      WHERE id = $1 RETURNING id`;
    const limit = Math.max(this.#leaseMs / RENEWALS, MIN_RENEWAL_MS);
    const isKnown = await this.#connections.retrying(async () => {
      await this.#openSession(id);
      return (await this.#session!.query(renew, [id], limit)).rows.length > 0;
    });
    if (isKnown) this.#renewed = sent;
    else this.lose(id);
  }
}

/** Returns a random positive integer of 62 bits. */
function randomId(): string {
  return `${randomBytes(8).readBigUInt64BE() >> 2n}`;
}
