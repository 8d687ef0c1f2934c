import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { DatabaseSync } from "node:sqlite";
import { setTimeout } from "node:timers";
import { pathToFileURL } from "node:url";
import type {
  Claim,
  ClaimAnswer,
  Failure,
  FailureNote,
  HeldKey,
  Lease,
  MaybePromise,
} from "../../core/contract/backend.ts";
import { closeAfter } from "../../core/runtime/close_after.ts";
import { LostClaimError, messageOf } from "../../core/errors.ts";
import { canonicalJson, parseJson } from "../../core/values/json.ts";
import type { Key } from "../../core/keys/key.ts";
import type { Row } from "../../core/values/value.ts";
import { atExit, notAtExit } from "../../core/runtime/at_exit.ts";
import { backOff } from "../back_off.ts";
import { hostName } from "../files/host_name.ts";
import { leaseText, readLease } from "./lease_text.ts";
import { type Connection, isBusy, StateDatabase, type Statements } from "./state_database.ts";
import { newId } from "../files/new_id.ts";
import { decodeNote, encodeNote } from "./note_text.ts";
import { giveAccess } from "../files/side_file.ts";
import { explaining, isUnwritable, removeFile } from "../files/system_error.ts";

/** How long the end of the process may wait for the lock, in milliseconds. */
const LEAVE_TIMEOUT = 1000;

/** Interval between attempts to release claims that ended on a full disk. */
const RELEASE_INTERVAL_MS = 1000;

/**
 * Time after which a pin, which is needed for less than a millisecond, counts as left by a dead process,
 * in milliseconds. Clocks may differ: the maker of a pin that is removed too early notices that.
 */
const PIN_TIMEOUT = 60_000;

/** A claim that has ended, while the disk did not take it. */
interface Unreleased {
  /** The token of the lease, if it is one. */
  readonly token: string | undefined;
  /** True if the key is done: its failure is then to be forgotten too. */
  readonly isDone: boolean;
}

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
  readonly #store: string;
  readonly #database: StateDatabase;
  #owner: Owner | undefined;
  /** Connections kept for asking whether an owner lives. */
  readonly #probes = new Map<string, DatabaseSync>();
  readonly #atExit = (): void => this.leaveNow();
  /** Ended claims that are still in the database, by key. */
  readonly #unreleased = new Map<string, Unreleased>();
  /** The error that kept them there. */
  #whyUnreleased: unknown;

  /**
   * @param store The store's path: the files next to it take its mode and group.
   */
  constructor(path: string, store: string) {
    this.path = path;
    this.#store = store;
    this.#database = new StateDatabase(path, store, {
      opened: () => atExit(this.#atExit),
      undone: () => this.#enterAgain(),
    });
  }

  /** Another handle on it, as one that nothing was done with. */
  another(): StateFile {
    return new StateFile(this.path, this.#store);
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
    return this.lockToRead(() => {
      if (this.#connection.readOnly) throw this.#connection.readOnly;
      return body();
    }, prepare);
  }

  /** The same for a body that only reads: where nothing may be written, it keeps writers out. */
  lockToRead<T>(body: () => T, prepare?: () => void): MaybePromise<T> {
    const done = this.#tryLock(body);
    return done ? done.result : backOff(
      () => {
        prepare?.();
        return this.#tryLock(body);
      },
      () => `Cannot lock "${this.path}", in use by ${this.#users()}; stop the one that hangs`,
    );
  }

  #tryLock<T>(body: () => T): { readonly result: T } | undefined {
    if (this.#unreleased.size > 0 && !this.#releaseNow()) return undefined;
    try {
      return this.#database.tryLock(body);
    } catch (error) {
      if (this.#owner) this.#owner.inode = 0; // that it was entered may have been undone
      throw error;
    }
  }

  /**
   * Ends a claim with a change of the store. An error after the change is kept is one of ending the claim
   * only, as on a full disk: the claim then counts as ended, and the next lock releases it.
   *
   * @param change Calls `kept` once nothing but the end of the claim is missing; `kept(true)` if the key
   * is done.
   */
  ending<T>(
    key: string,
    lease: Lease | undefined,
    change: (kept: (isDone?: boolean) => void) => MaybePromise<T>,
  ): MaybePromise<T | undefined> {
    let unreleased: Unreleased | undefined;
    const failed = (error: unknown): undefined => {
      if (!unreleased || error instanceof LostClaimError || isBusy(error)) throw error;
      this.#whyUnreleased = error;
      if (this.#unreleased.size === 0) this.#releaseSoon();
      this.#unreleased.set(key, unreleased);
    };
    try {
      const ended = change((isDone = false) => void (unreleased = { token: lease?.token, isDone }));
      return ended instanceof Promise ? ended.catch(failed) : ended;
    } catch (error) {
      return failed(error);
    }
  }

  /** Releases claims that have ended; false if somebody else has the lock. */
  #releaseNow(): boolean {
    try {
      const done = this.#database.tryLock(() => {
        for (const [key, { token, isDone }] of this.#unreleased) {
          if (isDone) this.#statements.forget.run(key);
          if (token === undefined) this.#statements.release.run(key, this.#owner?.id ?? "");
          else if (this.#leaseOf(key)?.token === token) this.#statements.drop.run(key);
        }
      });
      if (!done) return false;
      this.#unreleased.clear();
    } catch (error) {
      this.#whyUnreleased = error; // there may be room the next time
    }
    return true;
  }

  /** Releases ended claims by a timer: other processes wait for them, and this one may never lock again. */
  #releaseSoon(): void {
    setTimeout(() => {
      if (this.#unreleased.size === 0) return;
      this.#releaseNow();
      if (this.#unreleased.size > 0) this.#releaseSoon();
    }, RELEASE_INTERVAL_MS).unref();
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
    if (this.#unreleased.has(key)) throw this.#whyUnreleased;
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

  /**
   * The holder of a key, if it is not this lease.
   *
   * @param died Called with the id of an owner that is dead. Default: what it left is removed.
   */
  #otherHolderOf(
    key: string,
    lease: Lease | undefined,
    died: (owner: string) => void = (owner) => this.#removeDead(owner),
  ): string | undefined {
    const row = this.#statements.claimOwner.get(key) as { owner: string } | undefined;
    if (!row) return undefined;
    const held = readLease(row.owner);
    if (held && held.token === this.#unreleased.get(key)?.token) return undefined;
    if (held) return held.token === lease?.token || isOver(held) ? undefined : held.holder;
    if (this.#isAlive(row.owner)) {
      if (row.owner !== this.#owner?.id) return this.#describe(row.owner);
      return this.#unreleased.has(key) ? undefined : "this process";
    }
    died(row.owner);
    return undefined;
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

  /** Forgets failures by their params; how many there were. */
  forget(params: readonly Row[]): MaybePromise<number> {
    if (params.length === 0 || !this.exists()) return 0;
    return this.lock(() => {
      const forget = this.#connection.db.prepare("DELETE FROM failures WHERE params = ?");
      return params.reduce((sum, each) => sum + Number(forget.run(canonicalJson(each)).changes), 0);
    });
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
      return readIn(this.path, query);
    } catch {
      // In use, or half written by a process that was killed: under the lock it is mended, or the
      // error is told.
      try {
        const read = this.lockToRead(() => query(this.#connection.db));
        return read instanceof Promise
          ? read.catch((error) => this.#readUnmended(error, query))
          : read;
      } catch (error) {
        return this.#readUnmended(error, query);
      }
    }
  }

  /** Reads a file that a killed process left half written, where it cannot be mended. */
  #readUnmended<T>(error: unknown, query: (db: DatabaseSync) => T[]): T[] {
    if (!isUnwritable(error)) throw error;
    try {
      return readIn(`${pathToFileURL(this.path)}?immutable=1`, query);
    } catch {
      return []; // it is never the truth about what is done
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
    return this.lockToRead(() =>
      keys.flatMap((key) => {
        const holder = this.#otherHolderOf(key, undefined, () => {}); // nothing may be written
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
    if (this.isAlone()) return false;
    this.#depart();
    return true;
  }

  /** True if no other living owner is there. Only under the lock. */
  isAlone(): boolean {
    const owners = this.#connection.db.prepare("SELECT id FROM owners").all() as { id: string }[];
    return owners.every(({ id }) => id === this.#owner?.id || !this.#isAlive(id));
  }

  /**
   * Ends this thread's claims. If nobody else is there and no failure is to be remembered, the state
   * file goes.
   */
  async leave(): Promise<void> {
    await closeAfter(async () => {
      const { connection } = this.#database;
      if (!connection || connection.readOnly) return;
      if (await this.lock(() => this.#endAlone())) return;
      await this.lock(() => this.#depart());
      await this.lock(() => this.#tidy());
    }, () => this.close());
  }

  /** The same at the end of the process, when nothing can be waited for. */
  leaveNow(): void {
    try {
      const { connection } = this.#database;
      if (!connection || connection.readOnly) return;
      for (const step of [() => this.#endAlone(), () => this.#depart(), () => this.#tidy()]) {
        if (!this.#beginBlocking() || this.#database.finish(step)) break;
      }
    } catch {
      // The folder may be gone by now; what is held, the operating system frees.
    } finally {
      this.close();
    }
  }

  /** Runs a body under the lock at the end of the process; false if the lock stays taken. */
  lockNow(body: () => void): boolean {
    if (!this.#beginBlocking()) return false;
    this.#database.finish(body);
    return true;
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

  /**
   * Unlinks all files if no other owner, no lease and no failure is noted; true if so. Nothing need be
   * written for it, for which a full disk would have no room.
   */
  #endAlone(): boolean {
    this.#sweep();
    if (this.#isUsedBut(this.#owner?.id ?? "")) return false;
    this.#removeOwner();
    removeFile(`${this.path}-journal`);
    removeFile(this.path);
    return true;
  }

  #depart(): void {
    const { db } = this.#connection;
    if (this.#owner) {
      db.prepare("DELETE FROM claims WHERE owner = ?").run(this.#owner.id);
      db.prepare("DELETE FROM owners WHERE id = ?").run(this.#owner.id);
      this.#removeOwner();
    }
    this.#sweep();
  }

  /**
   * Unlinks the journal, and the state file if it names no owner, no lease and no failure. In a transaction
   * of its own that changes nothing: the journal is then empty.
   */
  #tidy(): void {
    removeFile(`${this.path}-journal`);
    if (!this.#isUsedBut("")) removeFile(this.path);
  }

  /** True if an owner or a claim but those of one, or a failure, is noted. */
  #isUsedBut(but: string): boolean {
    return this.#connection.db.prepare(`
      SELECT 1 FROM owners WHERE id <> ?1 UNION ALL SELECT 1 FROM claims WHERE owner <> ?1
      UNION ALL SELECT 1 FROM failures LIMIT 1`).get(but) !== undefined;
  }

  #removeOwner(): void {
    if (!this.#owner) return;
    this.#owner.db.close();
    removeFile(this.#ownerPath(this.#owner.id));
    this.#owner = undefined;
  }

  /** Frees the connections. */
  close(): void {
    notAtExit(this.#atExit);
    this.#unreleased.clear();
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
    db.prepare("INSERT OR REPLACE INTO owners VALUES (?, ?, ?, ?)")
      .run(this.#owner.id, process.pid, hostName(), new Date().toISOString());
    return this.#owner.id;
  }

  /** Has this thread entered again: what the first claim of an owner did may have been undone. */
  #enterAgain(): void {
    if (this.#owner) this.#owner.inode = 0;
  }

  #makeOwner(): Owner {
    const id = newId();
    const path = this.#ownerPath(id);
    return explaining(`Cannot write beside the store: "${path}" cannot be made`, path, () => {
      const db = new DatabaseSync(path);
      // Exclusive: who may only read it sees by a lock to read that the owner lives.
      db.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
      giveAccess(path, fs.statSync(this.path));
      return { id, db, inode: 0 };
    });
  }

  #ownerPath(id: string): string {
    return `${this.path}-${id}`;
  }

  /** Removes what dead owners left behind, entered here or not. */
  #sweep(): void {
    const owners = this.#connection.db.prepare("SELECT id FROM owners").all() as { id: string }[];
    for (const { id } of owners) this.#removeIfDead(id);
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
      if (/^[0-9a-f]{16}$/.test(rest)) this.#removeIfDead(rest);
      else if (pinned !== undefined && Date.now() - Number(pinned) > PIN_TIMEOUT) {
        removeFile(path.join(folder, name));
      }
    }
  }

  #removeIfDead(id: string): void {
    if (!this.#isAlive(id)) this.#removeDead(id);
  }

  #removeDead(id: string): void {
    removeFile(this.#ownerPath(id));
    this.#connection.db.prepare("DELETE FROM claims WHERE owner = ?").run(id);
    this.#connection.db.prepare("DELETE FROM owners WHERE id = ?").run(id);
  }

  /** True if an owner's transaction is still open. */
  #isAlive(id: string): boolean {
    if (id === this.#owner?.id) return true;
    const path = this.#ownerPath(id);
    try {
      if (fs.existsSync(path)) {
        explaining(`Cannot see whether a process lives by "${path}"`, path, () => this.#probe(id));
      }
    } catch (error) {
      if (isBusy(error)) return true;
      throw error;
    }
    this.#probes.get(id)?.close();
    this.#probes.delete(id);
    return false;
  }

  /** @throws {Error} That it is locked, if the owner lives. */
  #probe(id: string): void {
    let db = this.#probes.get(id);
    if (!db) {
      db = new DatabaseSync(this.#ownerPath(id));
      db.exec("PRAGMA busy_timeout = 0");
      this.#probes.set(id, db);
    }
    db.exec("BEGIN IMMEDIATE");
  }

  #describe(id: string): string {
    const row = this.#connection.db.prepare("SELECT pid, host FROM owners WHERE id = ?").get(id);
    if (!row) return "a process";
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

/** Reads a state file on a connection of its own. */
function readIn<T>(path: string, query: (db: DatabaseSync) => T[]): T[] {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    return query(db);
  } finally {
    db.close();
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
