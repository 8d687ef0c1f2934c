import type {
  Claim,
  ClaimAnswer,
  ClaimOptions,
  Failure,
  HeldKey,
  MaybePromise,
} from "../../core/contract/backend.ts";
import { StoreError } from "../../core/errors.ts";
import type { Key } from "../../core/keys/key.ts";
import type { SweepPlan } from "../../core/contract/sweep_plan.ts";
import type { Row } from "../../core/values/value.ts";
import { PlanFile } from "./plan_file.ts";
import { StateFile } from "./state_file.ts";

/** The calls by which claims reach the rows of their store. */
export interface ClaimedRows {
  /** Runs a body under the lock of the state file, once the rows are known as they are now. */
  locked<T>(body: () => T, key: Key): MaybePromise<T>;
  /** Returns true if a row of this key is known to count as done. Called under the lock, for leases only. */
  isDone(key: Key, options: ClaimOptions): boolean;
  /** Adds the row of a claim and ends it, by {@linkcode StoreClaims.finish}. */
  record(key: Key, row: Row, options: ClaimOptions): MaybePromise<void>;
}

/** The claims and failures of a file store, in the state file next to it, until the store is closed. */
export class StoreClaims {
  readonly state: StateFile;
  readonly #path: string;
  readonly #rows: ClaimedRows;
  readonly #planFile: PlanFile;
  #ended: StoreError | undefined;

  /** @param suffix End of the state file's name, after the name of the store. */
  constructor(path: string, rows: ClaimedRows, suffix = "-state") {
    this.#path = path;
    this.#rows = rows;
    this.#planFile = new PlanFile(path);
    this.state = new StateFile(`${path}${suffix}`, path);
  }

  /** True once the store was closed, or can no longer be used. */
  get isEnded(): boolean {
    return this.#ended !== undefined;
  }

  /** @throws {StoreError} If the store was closed, or can no longer be used. */
  checkOpen(): void {
    if (this.#ended) throw this.#ended;
  }

  /** Ends all use of the store and closes the state file. Returns the error of later uses: the first one. */
  end(
    why = new StoreError(`Cannot use store "${this.#path}": it was closed; open it again`),
  ): StoreError {
    this.#ended ??= why;
    this.state.close();
    return this.#ended;
  }

  /** Answers a claim of a key that is done or not. Only under the lock. */
  answer(key: Key, isDone: boolean, options: ClaimOptions): ClaimAnswer {
    return this.state.answer(key.text, isDone, () => this.#claimOf(key, options), options.lease);
  }

  /** @throws {LostClaimError} If the key of a lease is done, or another client has it. Only under the lock. */
  checkLease(key: Key, options: ClaimOptions): void {
    const { lease } = options;
    if (lease) this.state.checkLease(key.text, lease, this.#rows.isDone(key, options));
  }

  /**
   * Ends a claim under the lock under which a body records its row.
   *
   * @param record Calls `kept` once the row is kept, whatever becomes of the claim.
   */
  finish(
    key: Key,
    { lease }: ClaimOptions,
    record: (kept: () => void) => void,
  ): MaybePromise<void> {
    const { state } = this;
    return state.ending(key.text, lease, (kept) =>
      this.#rows.locked(() => {
        record(() => kept(true));
        state.finish(key.text, lease);
      }, key));
  }

  /** Returns the failures noted, oldest first. */
  failures(): MaybePromise<readonly Failure[]> {
    this.checkOpen();
    return this.state.failures();
  }

  /** Forgets failures by their params, and returns their number. */
  forget(params: readonly Row[]): MaybePromise<number> {
    this.checkOpen();
    return this.state.forget(params);
  }

  /** Returns the keys that are claimed now, and their holders. */
  held(): MaybePromise<readonly HeldKey[]> {
    this.checkOpen();
    return this.state.claims();
  }

  /** Returns the plans of sweeps, in the plan file next to the store. */
  plans(): readonly SweepPlan[] {
    this.checkOpen();
    return this.#planFile.plans();
  }

  /** Notes the plan of a sweep in the plan file. */
  notePlan(plan: SweepPlan): Promise<void> {
    this.checkOpen();
    return this.#planFile.note(plan);
  }

  #claimOf(key: Key, options: ClaimOptions): Claim {
    const { lease } = options;
    const end = (noteEnd: () => void): MaybePromise<void> =>
      this.#rows.locked(() => {
        this.checkLease(key, options);
        noteEnd();
      }, key);
    return {
      record: (row) => this.#rows.record(key, row, options),
      fail: (failure) => end(() => this.state.fail(key, failure, lease)),
      release: () => {
        if (this.isEnded && !lease) return; // the claim has ended with the store
        this.checkOpen();
        return this.state.ending(key.text, lease, (kept) => {
          kept();
          return end(() => this.state.release(key.text, lease));
        });
      },
    };
  }
}
