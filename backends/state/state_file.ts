import fs from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import type {
  Claim,
  ClaimAnswer,
  Failure,
  FailureNote,
  HeldKey,
  Lease,
  MaybePromise,
} from "../../core/contract/backend.ts";
import { LostClaimError } from "../../core/errors.ts";
import type { Key } from "../../core/keys/key.ts";
import { atExit, notAtExit } from "../../core/runtime/at_exit.ts";
import { closeAfter } from "../../core/runtime/close_after.ts";
import { andThen } from "../../core/runtime/maybe_promise.ts";
import type { Row } from "../../core/values/value.ts";
import { backOff } from "../back_off.ts";
import { removeFile } from "../files/system_error.ts";
import { addFailure, failuresIn, removeFailures } from "./failures.ts";
import { leaseText, readLease } from "./lease_text.ts";
import { Owners } from "./owners.ts";
import { readState } from "./read_state.ts";
import { type Connection, StateDatabase, type Statements } from "./state_database.ts";
import { UnreleasedClaims } from "./unreleased_claims.ts";

/** Time for which the end of the process may wait for the lock. */
const LEAVE_TIMEOUT_MS = 1000;

/**
 * The state file next to a file store: its lock, its claims and its failures. An SQLite database in rollback
 * mode, because SQLite's locks hold across runtimes and are freed by the operating system when a process
 * dies. It never decides what is done.
 *
 * A claim belongs to an owner ({@link Owners}) or to a lease, which has its own end.
 */
export class StateFile {
  readonly path: string;
  readonly #store: string;
  readonly #database: StateDatabase;
  readonly #owners: Owners;
  readonly #unreleased: UnreleasedClaims;
  readonly #atExit = (): void => this.leaveNow();
  /** The steps of leaving, each under the lock. The first that returns true is the last. */
  readonly #leaving: readonly (() => boolean | void)[] = [
    () => this.#endAlone(),
    () => this.#depart(),
    () => this.#tidy(),
  ];

  /** @param store The store's path: the files next to it get its mode and group. */
  constructor(path: string, store: string) {
    this.path = path;
    this.#store = store;
    this.#database = new StateDatabase(
      path,
      store,
      () => atExit(this.#atExit),
      () => this.#owners.enterAgain(),
    );
    this.#owners = new Owners(this.#database);
    this.#unreleased = new UnreleasedClaims((claims) => {
      const done = this.#database.tryLock(() => {
        for (const [key, { token, isDone }] of claims) {
          if (isDone) this.#statements.forget.run(key);
          if (token === undefined) this.release(key);
          else this.#dropLease(key, token);
        }
      });
      return done !== undefined;
    });
  }

  get #connection(): Connection {
    return this.#database.connection!;
  }

  get #statements(): Statements {
    return this.#connection.statements;
  }

  /** Returns another, unused object for the same file. */
  another(): StateFile {
    return new StateFile(this.path, this.#store);
  }

  exists(): boolean {
    return fs.existsSync(this.path);
  }

  /**
   * Runs a body while no other process or thread holds the lock. The body is synchronous: the lock
   * is never held across an `await`. Its changes of the state file are kept if it returns, and undone if
   * it throws. Returns the result at once if the lock is free, else a promise.
   *
   * @param prepare Runs before each further attempt, while other processes need not wait.
   * @throws {LockError} If the lock stays taken; names the processes that use the store.
   */
  lock<T>(body: () => T, prepare?: () => void): MaybePromise<T> {
    return this.lockToRead(() => {
      if (this.#connection.readOnly) throw this.#connection.readOnly;
      return body();
    }, prepare);
  }

  /** Runs a body that only reads under the lock. Where nothing may be written, that keeps writers out. */
  lockToRead<T>(body: () => T, prepare?: () => void): MaybePromise<T> {
    const done = this.#tryLock(body);
    return done ? done.result : backOff(
      () => {
        prepare?.();
        return this.#tryLock(body);
      },
      () =>
        `Cannot lock "${this.path}", in use by ${this.#owners.names()}; stop the one that hangs`,
    );
  }

  #tryLock<T>(body: () => T): { readonly result: T } | undefined {
    return this.#unreleased.release() ? this.#database.tryLock(body) : undefined;
  }

  /** @throws {StoreError} If an error in a body that was caught there, as of a full disk, ended the lock. */
  checkLocked(): void {
    if (this.#connection.db.isTransaction) return;
    throw this.#database.error(new Error("what was under way was undone; is the disk full?"));
  }

  /** Ends a claim with a change of the store, as {@linkcode UnreleasedClaims.ending} does. */
  ending<T>(
    key: string,
    lease: Lease | undefined,
    change: (kept: (isDone?: boolean) => void) => MaybePromise<T>,
  ): MaybePromise<T | undefined> {
    return this.#unreleased.ending(key, lease, change);
  }

  /**
   * Answers a claim of a key: claims it for this thread or for a lease, unless it is done or another living
   * holder has it. Only under the lock.
   */
  answer(key: string, isDone: boolean, claim: () => Claim, lease?: Lease): ClaimAnswer {
    if (isDone) {
      if (lease) this.#dropLease(key, lease.token);
      return { state: "done" };
    }
    this.#unreleased.check(key);
    const holder = this.#otherHolderOf(key, lease);
    if (holder !== undefined) return { state: "busy", holder };
    const since = lease && this.#isHeldBy(key, lease) ? this.#sinceOf(key) : undefined;
    const owner = lease ? leaseText(lease) : this.#owners.enter();
    this.#statements.claim.run(key, owner, since ?? Date.now());
    return { state: "claimed", claim: claim() };
  }

  /**
   * Checks that the row of a leased claim can be recorded. Only under the lock.
   *
   * @throws {LostClaimError} If another client has recorded or claimed it.
   */
  checkLease(key: string, lease: Lease, isDone: boolean): void {
    const holder = isDone ? undefined : this.#otherHolderOf(key, lease);
    if (!isDone && holder === undefined) return;
    // Kept if the error is caught under the lock, as in a batch.
    if (isDone) this.#dropLease(key, lease.token);
    throw new LostClaimError(
      `Cannot end the claim ${lease.token}: its time was over, and ` +
        `${isDone ? "the key is done by now" : `${holder} claimed the key`}; nothing was written`,
    );
  }

  #dropLease(key: string, token: string): void {
    if (this.#isHeldBy(key, { token })) this.#statements.drop.run(key);
  }

  /** Returns true if a key is claimed by this lease. */
  #isHeldBy(key: string, { token }: Pick<Lease, "token">): boolean {
    const owner = this.#ownerOf(key);
    return owner !== undefined && readLease(owner)?.token === token;
  }

  /** Returns the time of a claim in milliseconds since 1970; undefined if it is not known. */
  #sinceOf(key: string): number | undefined {
    return this.#statements.claimTime.get(key)?.["since"] as number | undefined ?? undefined;
  }

  /** Returns the owner, or the text of the lease, that a key is claimed by. */
  #ownerOf(key: string): string | undefined {
    return this.#statements.claimOwner.get(key)?.["owner"] as string | undefined;
  }

  /**
   * Returns the holder of a key, if it is another than this lease.
   *
   * @param died Is called with the id of a dead owner. Default: the owner is removed.
   */
  #otherHolderOf(
    key: string,
    lease: Lease | undefined,
    died: (owner: string) => void = (owner) => this.#owners.remove(owner),
  ): string | undefined {
    const owner = this.#ownerOf(key);
    if (owner === undefined) return undefined;
    const held = readLease(owner);
    const ended = this.#unreleased.get(key);
    if (held) {
      const isOurs = held.token === lease?.token || held.token === ended?.token;
      return isOurs || isOver(held) ? undefined : held.holder;
    }
    if (owner === this.#owners.id) return ended ? undefined : "this process";
    if (this.#owners.isAlive(owner)) return this.#owners.nameOf(owner);
    died(owner);
    return undefined;
  }

  /** Ends the claim of this thread, or of a lease that was checked. Only under the lock. */
  release(key: string, lease?: Lease): void {
    if (lease) this.#statements.drop.run(key);
    else this.#statements.release.run(key, this.#owners.id);
  }

  /** Ends the claim of a key that is done, and forgets its failure. Only under the lock. */
  finish(key: string, lease?: Lease): void {
    this.#statements.forget.run(key);
    this.release(key, lease);
  }

  /** Notes that a key failed, and ends its claim. Only under the lock. */
  fail(key: Key, note: FailureNote, lease?: Lease): void {
    addFailure(this.#connection.db, key, note);
    this.release(key.text, lease);
  }

  /** Forgets all failures. Only under the lock. */
  forgetAll(): void {
    this.#connection.db.exec("DELETE FROM failures");
  }

  /** Forgets failures by their params, and returns their number. */
  forget(params: readonly Row[]): MaybePromise<number> {
    if (params.length === 0 || !this.exists()) return 0;
    return this.lock(() => removeFailures(this.#connection.db, params));
  }

  /** Returns the failures noted, oldest first. Takes the lock, and writes, only if it must. */
  failures(): MaybePromise<Failure[]> {
    return this.#read(failuresIn);
  }

  #read<T>(query: (db: DatabaseSync) => T[]): MaybePromise<T[]> {
    return readState(
      this.path,
      query,
      () => this.lockToRead(() => query(this.#connection.db)),
    );
  }

  /**
   * Returns the keys that living owners and leases hold. Takes the lock only if there are claims: some may
   * be of dead owners.
   */
  claims(): MaybePromise<HeldKey[]> {
    const heldOf = (key: string): HeldKey[] => {
      const holder = this.#otherHolderOf(key, undefined, () => {}); // nothing may be written
      if (holder === undefined) return [];
      const since = this.#sinceOf(key);
      const version = this.#owners.versionOf(this.#ownerOf(key)!);
      return [{
        key,
        holder,
        since: since === undefined ? since : new Date(since).toISOString(),
        ...version && { version },
      }];
    };
    return andThen(
      this.#read(claimedKeys),
      (keys) => keys.length === 0 ? [] : this.lockToRead(() => keys.flatMap(heldOf)),
    );
  }

  /** Returns the files that dead processes left; they are removed when the state file is left. Only under the lock. */
  deadFiles(): string[] {
    return this.#owners.deadFiles();
  }

  /** Returns true if no other living owner is entered. Only under the lock. */
  isAlone(): boolean {
    return this.#owners.isAlone();
  }

  /**
   * Ends this thread's claims and returns true, unless no other living owner is entered: of two that depart
   * at once, the second is alone. Only under the lock.
   */
  departUnlessAlone(): boolean {
    this.#sweep();
    if (this.isAlone()) return false;
    this.#depart();
    return true;
  }

  /** Ends this thread's claims. The last owner removes the state file, unless a failure is noted. */
  async leave(): Promise<void> {
    await closeAfter(async () => {
      const { connection } = this.#database;
      if (!connection || connection.readOnly) return;
      for (const step of this.#leaving) if (await this.lock(step)) break;
    }, () => this.close());
  }

  /** Does the same at the end of the process, when nothing can be awaited. */
  leaveNow(): void {
    try {
      const { connection } = this.#database;
      if (!connection || connection.readOnly) return;
      for (const step of this.#leaving) {
        if (!this.#beginBlocking() || this.#database.finish(step)) break;
      }
    } catch {
      // The folder may be gone by now. The operating system frees the locks.
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

  /** Blocks the thread for a moment while the lock is taken: other processes may be leaving too. */
  #beginBlocking(): boolean {
    const end = performance.now() + LEAVE_TIMEOUT_MS;
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
    if (this.#isUsedBut(this.#owners.id)) return false;
    this.#owners.unlinkOwn();
    removeFile(`${this.path}-journal`);
    removeFile(this.path);
    return true;
  }

  #depart(): void {
    this.#owners.depart();
    this.#sweep();
  }

  /** Removes what dead owners and expired leases left. */
  #sweep(): void {
    this.#owners.sweep();
    for (const key of claimedKeys(this.#connection.db)) {
      const lease = readLease(this.#ownerOf(key) ?? "");
      if (lease && isOver(lease)) this.#statements.drop.run(key);
    }
  }

  /**
   * Unlinks the journal, and the state file if it notes no owner, no lease and no failure. In a transaction
   * of its own that changes nothing: the journal is then empty.
   */
  #tidy(): void {
    removeFile(`${this.path}-journal`);
    if (!this.#isUsedBut("")) removeFile(this.path);
  }

  /** Returns true if an owner or a claim but those of one, or a failure, is noted. */
  #isUsedBut(owner: string): boolean {
    return this.#connection.db.prepare(`
      SELECT 1 FROM owners WHERE id <> ?1 UNION ALL SELECT 1 FROM claims WHERE owner <> ?1
      UNION ALL SELECT 1 FROM failures LIMIT 1`).get(owner) !== undefined;
  }

  /** Closes the connections. */
  close(): void {
    notAtExit(this.#atExit);
    this.#unreleased.clear();
    this.#owners.close();
    this.#database.disconnect();
  }
}

function claimedKeys(db: DatabaseSync): string[] {
  return db.prepare("SELECT key FROM claims").all().map(({ key }) => key as string);
}

function isOver({ until }: Lease): boolean {
  return Date.now() >= until;
}
