import type { ClaimAnswer, ClaimOptions, Failure, HeldKey } from "../../core/contract/backend.ts";
import { Engine } from "../../core/contract/engine.ts";
import { stamped } from "../../core/contract/stamped.ts";
import type { SweepPlan } from "../../core/contract/sweep_plan.ts";
import type { Key } from "../../core/keys/key.ts";
import type { Row } from "../../core/values/value.ts";
import type { Connections } from "./connection/connections.ts";
import { storeError } from "./connection/postgres_errors.ts";
import type { PostgresUrl } from "./connection/postgres_url.ts";
import { type ClaimedRows, type HeldToken, KeyClaims } from "./key_claims.ts";
import { type TableNames, tableNames } from "./layout.ts";
import { Owner } from "./owner.ts";
import { SweepPlans } from "./sweep_plans.ts";

/** What an open store is made of. */
export interface OpenParts {
  readonly connections: Connections;
  readonly url: PostgresUrl;
  /** The schema of its tables. */
  readonly schema: string;
  readonly warn: (message: string) => void;
}

/** A store in a PostgreSQL database: its claims and failures, and its end. */
export abstract class PostgresEngine extends Engine {
  readonly location: string;
  protected readonly connections: Connections;
  protected readonly names: TableNames;
  protected readonly keyClaims: KeyClaims;
  readonly #owner: Owner;
  readonly #plans: SweepPlans;
  #closing: Promise<void> | undefined;

  constructor({ connections, url, schema, warn }: OpenParts) {
    super();
    this.location = url.location;
    this.connections = connections;
    this.names = tableNames(schema, url.table);
    this.#owner = new Owner(connections, url, this.names, warn);
    this.#plans = new SweepPlans(connections, this.names);
    const rows: ClaimedRows = {
      makeTables: () => this.makeOwnTables(),
      check: (key) => this.checkClaimed(key),
      look: (key) => this.found(key),
      ...this.foundAlong && { lookAlong: (...of) => this.foundAlong!(...of) },
      record: (held, row) => this.#recordClaimed(held, row),
    };
    this.keyClaims = new KeyClaims(connections, this.names, this.location, this.#owner, rows);
  }

  /** Makes the tables of claims and failures, where they are missing. */
  protected abstract makeOwnTables(): Promise<void>;

  /** Checks that the row of a key can be recorded. */
  protected abstract checkClaimed(key: Key): Promise<void>;

  /** Returns the newest row with a key, or undefined. */
  protected abstract found(key: Key): Promise<Row | undefined>;

  /** Returns the newest row of each key by statements that are sent along with another one. */
  protected foundAlong?(
    ...of: Parameters<NonNullable<ClaimedRows["lookAlong"]>>
  ): Promise<readonly (Row | undefined)[]>;

  /** Returns the row as it is recorded. */
  protected prepared(row: Row): Row {
    return stamped(row);
  }

  /**
   * Adds the row of a claim and ends that, in one statement. Rows that the key has are replaced, or, with
   * `isRefused`, nothing is written. False if the claim is lost, or refused.
   */
  protected abstract addClaimed(held: HeldToken, row: Row, isRefused: boolean): Promise<boolean>;

  /** Deletes all rows. */
  protected abstract clearRows(): Promise<void>;

  /** Resolves when no statement of the rows is under way. */
  protected abstract settled(): Promise<void>;

  /** Runs a body; its errors are of the store. */
  protected async trying<T>(body: () => Promise<T>): Promise<T> {
    this.connections.checkOpen();
    try {
      return await body();
    } catch (error) {
      this.connections.checkOpen();
      throw storeError(error, this.location);
    }
  }

  /** Returns the items of an iteration; its errors are of the store. */
  protected async *tryingEach<T>(items: AsyncGenerator<T>): AsyncGenerator<T> {
    try {
      for (;;) {
        const next = await this.trying(() => items.next());
        if (next.done) return;
        yield next.value;
      }
    } finally {
      await items.return(undefined);
    }
  }

  find(key: Key): Promise<Row | undefined> {
    return this.trying(() => this.found(key));
  }

  /** Removes all rows and failures. */
  clear(): Promise<void> {
    return this.trying(async () => {
      await this.clearRows();
      await this.keyClaims.forgetAll();
    });
  }

  claim(key: Key, options: ClaimOptions = {}): Promise<ClaimAnswer> {
    return this.trying(() => this.keyClaims.claim(key, options));
  }

  async #recordClaimed(held: HeldToken, row: Row): Promise<void> {
    const added = this.prepared(row);
    await this.trying(async () => {
      const { isDone, lease } = held;
      // Another client may have recorded it without a claim.
      const found = isDone && await this.found(held.key);
      if (found && isDone(found)) {
        if (lease || !await this.keyClaims.end(held)) throw await this.keyClaims.lost(held);
        return;
      }
      const isRefused = lease !== undefined && !isDone;
      const isRecorded = await this.addClaimed(held, added, isRefused);
      if (!isRecorded) throw await this.keyClaims.lost(held);
    });
  }

  held(): Promise<readonly HeldKey[]> {
    return this.trying(() => this.keyClaims.held());
  }

  override plans(): Promise<readonly SweepPlan[]> {
    return this.trying(() => this.#plans.plans());
  }

  override notePlan(plan: SweepPlan): Promise<void> {
    return this.trying(() => this.#plans.note(plan));
  }

  failures(): Promise<readonly Failure[]> {
    return this.trying(() => this.keyClaims.failures());
  }

  forget(params: readonly Row[]): Promise<number> {
    return this.trying(() => this.keyClaims.forget(params));
  }

  /** Ends the claims and closes the connections. Later calls are errors. */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    await this.keyClaims.settled();
    await this.settled();
    try {
      await this.#owner.close();
    } finally {
      await this.connections.close();
    }
  }
}
