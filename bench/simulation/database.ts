import type { PgResult } from "../../packages/pg.ts";
import type { Host } from "./host.ts";
import type { Session } from "./server.ts";
import { arraysIn, literalsIn, textsOf } from "./statement_text.ts";
import type { Timeline } from "./timeline.ts";
import { Transaction, type Tuple } from "./transaction.ts";

export { Transaction };

/** The lease of an owner, in milliseconds. */
type Milliseconds = number;

interface OwnerTuple extends Tuple {
  readonly id: string;
  until: number;
  readonly lease: Milliseconds;
  /** Transactions that hold it FOR KEY SHARE: it is not deleted before they end. */
  readonly sharers: Set<Transaction>;
}

interface ClaimTuple extends Tuple {
  readonly key: string;
  readonly token: string;
  readonly owner: string;
}

/** Answers to statements about the table, whose columns never change. */
const COLUMNS = [
  ["_stet_row", "bigint", 20],
  ["_stet_more", "jsonb", 3802],
  ["n", "bigint", 20],
  ["result", "double precision", 701],
  ["_stet_timestamp", "text", 25],
] as const;
const ATTRIBUTES = `${COLUMNS.length}`;

const isRecord = /mine AS \(\s*DELETE FROM \S+stet_claims/;

/**
 * The tables of a store of keys `n` from 0, and the semantics of the statements that backends/postgres sends: READ
 * COMMITTED, each statement sees what was committed when it began, and waits for the transactions whose rows it
 * changes. The terms on which claims rest are read from the text of the statements: a term that is taken out of the
 * real code is missing here too. A statement that is not known ends the simulation.
 */
export class Database {
  readonly #timeline: Timeline;
  /** Number of rows of each key, and the result of the newest one. */
  readonly rows: Uint8Array;
  readonly results: Int32Array;
  readonly #claims = new Map<string, ClaimTuple>();
  readonly #owners = new Map<string, OwnerTuple>();
  /** Sessions that hold the advisory locks of owners. */
  readonly #locks = new Map<string, Session>();
  readonly #indexes = new Set<string>();
  /** Time at which the server was started. */
  started = -Infinity;
  recorded = 0;
  /** Rows that must not be. */
  readonly faults: string[] = [];
  readonly counts = { peakClaims: 0, peakOwners: 0 };

  constructor(timeline: Timeline, keys: number) {
    this.#timeline = timeline;
    this.rows = new Uint8Array(keys);
    this.results = new Int32Array(keys);
  }

  get claims(): number {
    return this.#claims.size;
  }

  releaseLocks(session: Session): void {
    for (const [id, holder] of this.#locks) if (holder === session) this.#locks.delete(id);
  }

  /** True if a session of a host holds the lock of an owner. */
  hasLock(host: Host): boolean {
    return [...this.#locks.values()].some((session) => session.isAlive && session.host === host);
  }

  /** Returns the number of claims or rows of a statement that writes many. */
  itemsOf(text: string, [, keys]: readonly unknown[]): number {
    const isEntering = text.includes("AS MATERIALIZED");
    if (!isEntering && !isRecord.test(text)) return 0;
    return textsOf(isEntering ? literalsIn(text)[4]! : keys as string).length;
  }

  /** Executes a statement. Its effects are seen once the transaction commits. */
  async execute(
    transaction: Transaction,
    text: string,
    values: readonly unknown[],
  ): Promise<PgResult> {
    const rows = await this.#rowsOf(transaction, text, values);
    return Array.isArray(rows) ? { rows, fields: [], rowCount: rows.length } : rows;
  }

  async #rowsOf(
    transaction: Transaction,
    text: string,
    values: readonly unknown[],
  ): Promise<unknown[][] | PgResult> {
    const { session } = transaction;
    if (/AS MATERIALIZED/.test(text)) return await this.#enter(transaction, text);
    if (/LEFT JOIN \(SELECT/.test(text)) return this.#look(text, values);
    if (isRecord.test(text)) {
      return await this.#record(transaction, text, values);
    }
    if (/^DELETE FROM \S+stet_claims" c USING/.test(text)) {
      return await this.#release(transaction, text, values);
    }
    if (/^SELECT c.key, c.token, c.holder, CASE/.test(text)) return this.#holders(text, values);
    if (/^WITH dead AS/.test(text)) return await this.#removeOwners(transaction, text);
    if (/^DELETE FROM \S+stet_claims"\s+WHERE owner = ANY/.test(text)) {
      return await this.#removeClaims(transaction, values);
    }
    if (/^SELECT pg_try_advisory_lock/.test(text)) return [[this.#tryLock(session, values)]];
    if (/^INSERT INTO \S+stet_owners/.test(text)) return this.#addOwner(transaction, values);
    if (/^UPDATE \S+stet_owners/.test(text)) return await this.#renew(transaction, values);
    if (/^WITH gone AS \(DELETE FROM \S+stet_owners/.test(text)) {
      return await this.#leave(transaction, values);
    }
    if (/^SELECT version\(\)/.test(text)) {
      return [["PostgreSQL 15", "150000", "UTF8", "public", `${session.processId}`, "off"]];
    }
    if (/^SELECT c.oid::text, c.relnatts/.test(text)) return this.#layout();
    if (/^SELECT version, array_to_json\(more\)/.test(text)) return [["1", "[]"]];
    if (/^SELECT bool_and\(to_regclass/.test(text)) return [["t", "t"]];
    if (/^SELECT has_schema_privilege/.test(text)) return [["t", "t", "t", "off", "stet"]];
    const index = /^CREATE INDEX IF NOT EXISTS "(\w+)"/.exec(text);
    if (index) this.#indexes.add(index[1]!);
    else if (!/^(?:BEGIN|COMMIT|ANALYZE|SELECT set_config|SELECT pg_advisory_xact)/.test(text)) {
      throw new Error(`Cannot simulate a statement: "${text.slice(0, 200)}" is not known`);
    }
    return [];
  }

  /** Enters claims of keys that nobody holds, while their owner is there. */
  async #enter(transaction: Transaction, text: string): Promise<unknown[][]> {
    const [id, , , , keys, tokens] = literalsIn(text) as string[];
    const isOwned =
      /AS MATERIALIZED \(SELECT FROM \S+stet_owners" WHERE id = '\d+' FOR KEY SHARE\)/;
    if (!/ORDER BY a.key ON CONFLICT \(key\) DO NOTHING RETURNING key/.test(text)) {
      throw new Error("Cannot simulate claims: they are entered without ON CONFLICT DO NOTHING");
    }
    if (isOwned.test(text) && !await this.#share(transaction, id!)) return [["0", null, "0"]];
    const texts = textsOf(tokens!);
    const added: string[] = [];
    const items = textsOf(keys!).map((key, i) => [key, texts[i]!] as const);
    for (const [key, token] of items.sort(([a], [b]) => a < b ? -1 : 1)) {
      let holder = this.#claims.get(key);
      while (holder?.writer && holder.writer !== transaction) {
        await transaction.waitFor(holder.writer);
        if (transaction.isOver) return [];
        holder = this.#claims.get(key);
      }
      if (holder) continue;
      const claim: ClaimTuple = {
        ...{ key, token, owner: id! },
        ...{ isCommitted: false, isGone: false, writer: transaction },
      };
      this.#claims.set(key, claim);
      this.counts.peakClaims = Math.max(this.counts.peakClaims, this.#claims.size);
      transaction.add(() => {
        claim.isCommitted = true;
        claim.writer = undefined;
      }, () => this.#claims.delete(key));
      added.push(key);
    }
    return [["1", added.length > 0 ? JSON.stringify(added) : null, "0"]];
  }

  /** Locks the row of an owner FOR KEY SHARE. False if there is none. */
  async #share(transaction: Transaction, id: string): Promise<boolean> {
    for (;;) {
      const owner = this.#owners.get(id);
      if (!owner?.isCommitted) return false;
      const { writer } = owner;
      if (!writer || !deleters.has(writer)) {
        owner.sharers.add(transaction);
        const leave = (): void => void owner.sharers.delete(transaction);
        transaction.add(leave, leave);
        return true;
      }
      await transaction.waitFor(writer);
      if (transaction.isOver) return false;
    }
  }

  /** Looks up rows by the columns of keys: `n`, or all. */
  #look(text: string, values: readonly unknown[]): PgResult {
    const columns = [...text.matchAll(/r\."([^"]+)" = k\.c(\d+)/g)];
    const arrays = arraysIn(text, values);
    const of = (name: string): readonly string[] | undefined => {
      const column = columns.find((it) => it[1] === name);
      return column && textsOf(arrays[Number(column[2])]!);
    };
    const [keys, results] = [of("n")!, of("result")];
    const selected = [
      ...(/k\.n::int AS n((?:, r\."[^"]+")*)/.exec(text)![1]!).matchAll(/"([^"]+)"/g),
    ];
    const rows: unknown[][] = [];
    for (const [i, key] of keys.entries()) {
      const n = Number(key);
      const isThere = this.rows[n]! > 0 && (!results || this.results[n] === Number(results[i]));
      if (!isThere) continue;
      const cells = selected.map(([, name]) =>
        name === "n" ? key : name === "result" ? `${this.results[n]}` : null
      );
      rows.push([ATTRIBUTES, `${i + 1}`, ...cells]);
    }
    if (rows.length === 0) rows.push([ATTRIBUTES, null, ...selected.map(() => null)]);
    const typeOf = (name: string): number => COLUMNS.find(([it]) => it === name)![2];
    const fields = ["", "", ...selected.map(([, name]) => name!)].map((name) => ({
      name,
      dataTypeID: name === "" ? 0 : typeOf(name),
    }));
    return { rows, fields, rowCount: rows.length };
  }

  /** Returns the claims with these keys, and with their tokens if the statement asks for those. */
  #claimsOf(text: string, keys: unknown, tokens: unknown): (ClaimTuple | undefined)[] {
    const texts = textsOf(tokens as string);
    const isFenced = text.includes("h.token = t.token");
    return textsOf(keys as string).map((key, i) => {
      const claim = this.#claims.get(key);
      return claim?.isCommitted && (!isFenced || claim.token === texts[i]) ? claim : undefined;
    });
  }

  /** Adds rows, and ends their claims. */
  async #record(
    transaction: Transaction,
    text: string,
    values: readonly unknown[],
  ): Promise<unknown[][]> {
    const isReplacing = text.includes("t.refused");
    const columns = /INSERT INTO \S+ \(([^)]*)\)\s+SELECT v/.exec(text)![1]!.split(", ");
    const first = isReplacing ? 6 : 5; // after the key's column
    const cellsOf = (name: string): readonly string[] =>
      textsOf(values[first + columns.indexOf(`"${name}"`)] as string);
    const [keys, results] = [cellsOf("n").map(Number), cellsOf("result").map(Number)];
    const ended: number[] = [];
    for (const [i, claim] of this.#claimsOf(text, values[1], values[2]).entries()) {
      if (!claim || !await this.#end(transaction, claim)) continue;
      if (transaction.isOver) return [];
      const n = keys[i]!;
      ended.push(i + 1);
      transaction.add(() => {
        if (this.rows[n] === 0) this.recorded++;
        else this.faults.push(`key ${n} was recorded again`);
        this.rows[n] = isReplacing ? 1 : this.rows[n]! + 1;
        this.results[n] = results[i]!;
      });
    }
    return [[ATTRIBUTES, ended.length > 0 ? JSON.stringify(ended) : null]];
  }

  async #release(
    transaction: Transaction,
    text: string,
    values: readonly unknown[],
  ): Promise<unknown[][]> {
    const tokens: unknown[][] = [];
    const [keys, given] = values.map(asTexts);
    for (const claim of this.#claimsOf(text, keys, given)) {
      if (claim && await this.#end(transaction, claim)) tokens.push([claim.token]);
    }
    return tokens;
  }

  #end(transaction: Transaction, claim: ClaimTuple): Promise<boolean> {
    return transaction.delete(claim, () => {
      if (this.#claims.get(claim.key) === claim) this.#claims.delete(claim.key);
    });
  }

  /** True if an owner is dead, by the terms of a statement. */
  #isDead(text: string, { id, until, lease }: OwnerTuple): boolean {
    const { now } = this.#timeline;
    const isOver = !text.includes("o.until <= clock_timestamp()") || until <= now;
    const isLate = !text.includes("pg_postmaster_start_time() + o.lease") ||
      this.started + lease <= now;
    return isOver && isLate && !(text.includes("pg_locks") && this.#locks.has(id));
  }

  #holders(text: string, [keys]: readonly unknown[]): unknown[][] {
    return (keys as string[]).flatMap((key) => {
      const claim = this.#claims.get(key);
      if (!claim?.isCommitted) return [];
      const owner = this.#owners.get(claim.owner);
      const isDead = !owner?.isCommitted || this.#isDead(text, owner);
      return [[key, claim.token, claim.owner, isDead ? "t" : "f"]];
    });
  }

  async #removeOwners(transaction: Transaction, text: string): Promise<unknown[][]> {
    const ids: string[] = [];
    for (const claim of this.#claims.values()) {
      if (claim.isCommitted && !this.#owners.get(claim.owner)?.isCommitted) ids.push(claim.owner);
    }
    for (const owner of [...this.#owners.values()]) {
      if (!owner.isCommitted || !this.#isDead(text, owner)) continue;
      deleters.add(transaction);
      if (await this.#removeOwner(transaction, owner, () => this.#isDead(text, owner))) {
        ids.push(owner.id);
      }
    }
    return [...new Set(ids)].map((id) => [id]);
  }

  /** Deletes an owner that no transaction shares, if it is still to be deleted then. */
  async #removeOwner(
    transaction: Transaction,
    owner: OwnerTuple,
    isStill: () => boolean,
  ): Promise<boolean> {
    for (;;) {
      if (owner.writer && owner.writer !== transaction) await transaction.waitFor(owner.writer);
      else if (owner.sharers.size > 0) await transaction.waitFor([...owner.sharers][0]!);
      else break;
      if (transaction.isOver) return false;
    }
    if (owner.isGone || !isStill()) return false;
    return await transaction.delete(owner, () => void this.#owners.delete(owner.id));
  }

  async #removeClaims(
    transaction: Transaction,
    [ids]: readonly unknown[],
  ): Promise<unknown[][]> {
    const dead = new Set(ids as string[]);
    for (const claim of [...this.#claims.values()]) {
      if (claim.isCommitted && dead.has(claim.owner)) await this.#end(transaction, claim);
    }
    return [];
  }

  #tryLock(session: Session, [id]: readonly unknown[]): string {
    const holder = this.#locks.get(id as string);
    if (holder && holder !== session) return "f";
    this.#locks.set(id as string, session);
    return "t";
  }

  #addOwner(transaction: Transaction, [id, , lease]: readonly unknown[]): unknown[][] {
    const ms = Number.parseFloat(lease as string) * 1000;
    const known = this.#owners.get(id as string);
    if (known) {
      transaction.add(() => known.until = this.#timeline.now + ms);
      return []; // a statement that was sent twice
    }
    const owner: OwnerTuple = {
      id: id as string,
      until: this.#timeline.now + ms,
      lease: ms,
      sharers: new Set(),
      ...{ isCommitted: false, isGone: false, writer: transaction },
    };
    this.#owners.set(owner.id, owner);
    this.counts.peakOwners = Math.max(this.counts.peakOwners, this.#owners.size);
    transaction.add(() => {
      owner.isCommitted = true;
      owner.writer = undefined;
    }, () => this.#owners.delete(owner.id));
    return [];
  }

  async #renew(transaction: Transaction, [id]: readonly unknown[]): Promise<unknown[][]> {
    const owner = this.#owners.get(id as string);
    if (!owner?.isCommitted || !await transaction.take(owner)) return [];
    const until = this.#timeline.now + owner.lease;
    transaction.add(() => owner.until = until);
    return [[id]];
  }

  async #leave(transaction: Transaction, [id]: readonly unknown[]): Promise<unknown[][]> {
    const owner = this.#owners.get(id as string);
    if (owner?.isCommitted) {
      deleters.add(transaction);
      await this.#removeOwner(transaction, owner, () => true);
    }
    return await this.#removeClaims(transaction, [[id]]);
  }

  #layout(): unknown[][] {
    const indexes = JSON.stringify([...this.#indexes]);
    return COLUMNS.map(([name, type, typeId]) => [
      "16384",
      ATTRIBUTES,
      "r",
      name,
      type,
      indexes,
      "16385",
      `${typeId}`,
    ]);
  }
}

/** Transactions that delete owners: those that share their rows wait for them. */
const deleters = new WeakSet<Transaction>();

/** Returns an array of texts as a parameter has it. */
function asTexts(value: unknown): string {
  return Array.isArray(value) ? `{"${value.join('","')}"}` : value as string;
}
