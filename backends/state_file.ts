import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { DatabaseSync } from "node:sqlite";
import type {
  Claim,
  ClaimAnswer,
  Failure,
  FailureNote,
  HeldKey,
  Lease,
  MaybePromise,
} from "../core/backend.ts";
import { LostClaimError, messageOf } from "../core/errors.ts";
import { canonicalJson, parseJson } from "../core/json.ts";
import type { Key } from "../core/key.ts";
import type { Row } from "../core/value.ts";
import { atExit, notAtExit } from "../core/at_exit.ts";
import { backOff } from "./back_off.ts";
import { hostName } from "./host_name.ts";
import { leaseText, readLease } from "./lease_text.ts";
import { decodeNote, encodeNote } from "./note_text.ts";
import {
  type Connection,
  isBusy,
  newId,
  StateDatabase,
  type Statements,
} from "./state_database.ts";

/** How long the end of the process may wait for the lock, in milliseconds. */
const LEAVE_TIMEOUT = 1000;

/** How long a pin, which is needed for less than a millisecond, is taken for one in use. */
const PIN_TIMEOUT = 60_000;

/** This thread, as the state file knows it. */
interface Owner {
  readonly id: string;
  /** Holds the open write transaction. Kept here also because Bun closes what is not referenced. */
  readonly db: DatabaseSync;
  /** The state file in which the owner is entered. */
  inode: number;
}

/**
 * The state file beside a file store: its lock, who runs what, and what failed. An SQLite database
 * in rollback mode, because SQLite's locks hold across runtimes and are freed by the operating
 * system when a process dies. It is never the truth about what is done.
 *
 * Each owner (a thread that claims) holds an open write transaction on a small file of its own for
 * as long as it lives; whoever can begin one there knows that the owner is dead. Owner files are
 * made, probed and unlinked only under the lock, and owner ids are never used twice. A lease stands
 * in the place of an owner, and says itself until when it lives.
 */
export class StateFile {
  readonly path: string;
  readonly #database: StateDatabase;
  #owner: Owner | undefined;
  /** Connections kept for asking whether an owner lives. */
  readonly #probes = new Map<string, DatabaseSync>();
  readonly #atExit = (): void => this.#leaveNow();

  constructor(path: string) {
    this.path = path;
    this.#database = new StateDatabase(path, () => atExit(this.#atExit));
  }

  /** Whether there is a state file. */
  exists(): boolean {
    return fs.existsSync(this.path);
  }

  /**
   * Runs a body while no other process or thread holds the lock. The body is synchronous: the lock
   * is never held across an `await`. What it did to the state file is kept if it returns, undone if
   * it throws. Gives the result at once if the lock is free, else a promise.
   *
   * @param prepare Done before each further try: what need not be done while others wait.
   * @throws {LockError} If the lock stays taken; names the processes that use the store.
   */
  lock<T>(body: () => T, prepare?: () => void): MaybePromise<T> {
    const done = this.#database.tryLock(body);
    return done ? done.result : backOff(
      () => {
        prepare?.();
        return this.#database.tryLock(body);
      },
      () => `Cannot lock "${this.path}", in use by ${this.#users()}; stop the one that hangs`,
    );
  }

  /** @throws {StoreError} If an error in a body that was caught there, as of a full disk, ended the lock. */
  checkLocked(): void {
    if (this.#connection.db.isTransaction) return;
    throw this.#database.error(new Error("what was under way was undone; is the disk full?"));
  }

  /**
   * What the claim of a key is answered: claims it for this thread or for a lease, unless it is done
   * or a living owner holds it. Only under the lock.
   *
   * @param claim What the claimed key's holder does with it.
   */
  answer(key: string, isDone: boolean, claim: () => Claim, lease?: Lease): ClaimAnswer {
    if (isDone) {
      this.#dropOwn(key, lease);
      return { state: "done" };
    }
    const holder = this.#otherHolderOf(key, lease);
    if (holder !== undefined) return { state: "busy", holder };
    this.#statements.claim.run(key, lease ? leaseText(lease) : this.#own());
    return { state: "claimed", claim: claim() };
  }

  /**
   * Checks that what a lease claims can be recorded. Only under the lock.
   *
   * @param isDone Whether the key is done by now.
   * @throws {LostClaimError} If somebody else did it, or is doing it.
   */
  checkLease(key: string, lease: Lease, isDone: boolean): void {
    const holder = isDone ? undefined : this.#otherHolderOf(key, lease);
    if (!isDone && holder === undefined) return;
    if (isDone) this.#dropOwn(key, lease); // kept where the error is caught under the lock: of one of many
    throw new LostClaimError(
      `Cannot end the claim ${lease.token}: its time was over, and ` +
        `${isDone ? "the key is done by now" : `${holder} claimed the key`}; nothing was written`,
    );
  }

  /** Removes the claim of a key by this lease: it has nothing left to run. */
  #dropOwn(key: string, lease: Lease | undefined): void {
    if (lease && this.#leaseOf(key)?.token === lease.token) this.#statements.drop.run(key);
  }

  /** Who holds a key, or undefined. Claims of the dead are removed. */
  #holderOf(key: string): string | undefined {
    return this.#otherHolderOf(key, undefined);
  }

  /** Who holds a key, if it is not this lease. */
  #otherHolderOf(key: string, lease: Lease | undefined): string | undefined {
    const row = this.#statements.claimOwner.get(key) as { owner: string } | undefined;
    if (!row) return undefined;
    const held = readLease(row.owner);
    if (held) return held.token === lease?.token || isOver(held) ? undefined : held.holder;
    if (!this.#isAlive(row.owner)) return undefined;
    return row.owner === this.#owner?.id ? "this process" : this.#describe(row.owner);
  }

  /** The lease that a key is claimed by, over or not. */
  #leaseOf(key: string): Lease | undefined {
    const row = this.#statements.claimOwner.get(key) as { owner: string } | undefined;
    return row && readLease(row.owner);
  }

  /**
   * Ends this thread's claim, or that of a lease, which was checked: whoever else may stand there holds
   * the key no more. Only under the lock.
   */
  release(key: string, lease?: Lease): void {
    if (lease) this.#statements.drop.run(key);
    else this.#statements.release.run(key, this.#owner?.id ?? "");
  }

  /** Ends the claim of a key that is done now: it failed no more. Only under the lock. */
  finish(key: string, lease?: Lease): void {
    this.#statements.forget.run(key);
    this.release(key, lease);
  }

  /** Forgets that any key failed. Only under the lock. */
  forgetAll(): void {
    this.#connection.db.exec("DELETE FROM failures");
  }

  /** Notes that a key failed and ends the claim of it. Only under the lock. */
  fail({ text, values }: Key, { error, stack, attempts = 1 }: FailureNote, lease?: Lease): void {
    this.#connection.db.prepare(`
      INSERT INTO failures VALUES (?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (key) DO UPDATE SET error = excluded.error, stack = excluded.stack,
        attempt = attempt + excluded.attempt, time = excluded.time, host = excluded.host`)
      .run(
        text,
        canonicalJson(values),
        encodeNote(error),
        encodeNote(stack),
        attempts,
        new Date().toISOString(),
        hostName(),
      );
    this.release(text, lease);
  }

  /** The failures noted, oldest first. Takes the lock, and writes, only if it must. */
  failures(): MaybePromise<Failure[]> {
    return this.#read(failuresIn);
  }

  #read<T>(query: (db: DatabaseSync) => T[]): MaybePromise<T[]> {
    if (!this.exists()) return [];
    try {
      const db = new DatabaseSync(this.path, { readOnly: true });
      try {
        return query(db);
      } finally {
        db.close();
      }
    } catch {
      // In use, or half written by a process that was killed: under the lock it is mended, or the
      // error is told.
      return this.lock(() => query(this.#connection.db));
    }
  }

  /**
   * The keys that living owners hold. Takes the lock only if there are claims: some may be of owners
   * that died.
   */
  claims(): MaybePromise<HeldKey[]> {
    const claimed = this.#read(claimedKeys);
    return claimed instanceof Promise
      ? claimed.then((keys) => this.#heldOf(keys))
      : this.#heldOf(claimed);
  }

  #heldOf(keys: readonly string[]): MaybePromise<HeldKey[]> {
    if (keys.length === 0) return [];
    return this.lock(() =>
      keys.flatMap((key) => {
        const holder = this.#holderOf(key);
        return holder === undefined ? [] : [{ key, holder }];
      })
    );
  }

  /**
   * Whether another living owner is there. Then this thread's claims end now: of two that ask, about
   * to leave, the second finds itself alone. Only under the lock.
   */
  departUnlessAlone(): boolean {
    this.#sweep();
    const other = this.#connection.db.prepare("SELECT 1 FROM owners WHERE id <> ?")
      .get(this.#owner?.id ?? "");
    if (other) this.#depart();
    return other !== undefined;
  }

  /**
   * Ends this thread's claims. If nobody else is there and no failure is to be remembered, the state
   * file goes.
   */
  async leave(): Promise<void> {
    if (this.#database.connection) {
      await this.lock(() => this.#depart());
      await this.lock(() => this.#tidy());
    }
    this.close();
  }

  /** The same at the end of the process, when nothing can be waited for. */
  #leaveNow(): void {
    try {
      if (this.#database.connection && this.#beginBlocking()) {
        this.#database.finish(() => this.#depart());
        if (this.#beginBlocking()) this.#database.finish(() => this.#tidy());
      }
    } catch {
      // The folder may be gone by now; what is held, the operating system frees.
    }
    this.close();
  }

  /** Blocks the thread while the lock is taken, for a moment: others may be leaving too. */
  #beginBlocking(): boolean {
    const end = performance.now() + LEAVE_TIMEOUT;
    while (!this.#database.begin()) {
      if (performance.now() > end) return false;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1 + Math.random() * 4);
    }
    return true;
  }

  #depart(): void {
    const { db } = this.#connection;
    if (this.#owner) {
      db.prepare("DELETE FROM claims WHERE owner = ?").run(this.#owner.id);
      db.prepare("DELETE FROM owners WHERE id = ?").run(this.#owner.id);
      this.#owner.db.close();
      fs.rmSync(this.#ownerPath(this.#owner.id), { force: true });
      this.#owner = undefined;
    }
    this.#sweep();
  }

  /**
   * Unlinks the journal, and the state file if it names no owner, no lease and no failure. In a transaction
   * of its own that changes nothing: the journal is then empty.
   */
  #tidy(): void {
    const isUsed = this.#connection.db.prepare(
      "SELECT 1 FROM owners UNION ALL SELECT 1 FROM failures UNION ALL SELECT 1 FROM claims LIMIT 1",
    ).get();
    fs.rmSync(`${this.path}-journal`, { force: true });
    if (!isUsed) fs.rmSync(this.path, { force: true });
  }

  /** Frees the connections. */
  close(): void {
    notAtExit(this.#atExit);
    for (const db of this.#probes.values()) db.close();
    this.#probes.clear();
    this.#owner?.db.close();
    this.#owner = undefined;
    this.#database.disconnect();
  }

  get #connection(): Connection {
    return this.#database.connection!;
  }

  get #statements(): Statements {
    return this.#connection.statements;
  }

  /** This thread's owner id; the first time, it is made. */
  #own(): string {
    const { db, inode } = this.#connection;
    if (this.#owner?.inode === inode) return this.#owner.id;
    this.#sweep();
    this.#owner ??= this.#makeOwner();
    this.#owner.inode = inode;
    db.prepare("INSERT INTO owners VALUES (?, ?, ?, ?)")
      .run(this.#owner.id, process.pid, hostName(), new Date().toISOString());
    return this.#owner.id;
  }

  #makeOwner(): Owner {
    const id = newId();
    const db = new DatabaseSync(this.#ownerPath(id));
    db.exec("PRAGMA journal_mode = MEMORY; BEGIN IMMEDIATE");
    return { id, db, inode: 0 };
  }

  #ownerPath(id: string): string {
    return `${this.path}-${id}`;
  }

  /** Removes what dead owners left behind, entered here or not. */
  #sweep(): void {
    const owners = this.#connection.db.prepare("SELECT id FROM owners").all() as { id: string }[];
    for (const { id } of owners) this.#isAlive(id);
    for (const key of claimedKeys(this.#connection.db)) {
      const lease = this.#leaseOf(key);
      if (lease && isOver(lease)) this.#statements.drop.run(key);
    }
    const folder = path.dirname(this.path);
    const prefix = `${path.basename(this.path)}-`;
    for (const name of fs.readdirSync(folder)) {
      if (!name.startsWith(prefix)) continue;
      const rest = name.slice(prefix.length);
      const pinned = /^pin-(\d+)-/.exec(rest)?.[1];
      if (/^[0-9a-f]{16}$/.test(rest)) this.#isAlive(rest);
      else if (pinned !== undefined && Date.now() - Number(pinned) > PIN_TIMEOUT) {
        fs.rmSync(path.join(folder, name), { force: true });
      }
    }
  }

  #isAlive(id: string): boolean {
    if (id === this.#owner?.id) return true;
    const path = this.#ownerPath(id);
    if (fs.existsSync(path)) {
      let db = this.#probes.get(id);
      if (!db) {
        db = new DatabaseSync(path);
        db.exec("PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY");
        this.#probes.set(id, db);
      }
      try {
        db.exec("BEGIN IMMEDIATE");
      } catch (error) {
        if (isBusy(error)) return true;
        throw this.#database.error(error);
      }
    }
    this.#probes.get(id)?.close();
    this.#probes.delete(id);
    fs.rmSync(path, { force: true });
    this.#connection.db.prepare("DELETE FROM claims WHERE owner = ?").run(id);
    this.#connection.db.prepare("DELETE FROM owners WHERE id = ?").run(id);
    return false;
  }

  #describe(id: string): string {
    const row = this.#connection.db.prepare("SELECT pid, host FROM owners WHERE id = ?").get(id);
    const { pid, host } = row as { pid: number; host: string };
    return `process ${pid}${host === "" || host === hostName() ? "" : ` on ${host}`}`;
  }

  /** For a message: who uses the store, as far as it can be read. */
  #users(): string {
    try {
      const rows = this.#database.connection?.db.prepare("SELECT pid, host FROM owners").all() ??
        [];
      return rows.map((row) => `process ${row["pid"]}`).join(", ") ||
        "a process that claims nothing";
    } catch (error) {
      return `a process that cannot be named (${messageOf(error)})`;
    }
  }
}

function failuresIn(db: DatabaseSync): Failure[] {
  const rows = db.prepare(
    "SELECT params, error, stack, attempt, time, host FROM failures ORDER BY time",
  ).all() as unknown as (Omit<Failure, "params"> & { params: string })[];
  return rows.map((row) => ({
    ...row,
    params: parseJson(row.params) as Row,
    error: decodeNote(row.error),
    stack: decodeNote(row.stack),
  }));
}

function claimedKeys(db: DatabaseSync): string[] {
  return db.prepare("SELECT key FROM claims").all().map(({ key }) => key as string);
}

function isOver({ until }: Lease): boolean {
  return Date.now() >= until;
}
