import type {
  Claim,
  ClaimAnswer,
  ClaimOptions,
  FailureNote,
  Lease,
  MaybePromise,
} from "../../core/contract/backend.ts";
import type { Key } from "../../core/keys/key.ts";
import { toRow } from "../../core/values/to_row.ts";
import type { Row } from "../../core/values/value.ts";
import type { StateFile } from "../state/state_file.ts";
import type { SqliteFile } from "./sqlite_file.ts";
import { translating, trying } from "./trying.ts";

/** The rows that claims end with. */
export interface ClaimedRows {
  find(key: Key): Row | undefined;
  /** Checks that a row with this key can be recorded in place of the one that was found. */
  checkFits(key: Key, found: Row | undefined): void;
  insert(row: Row): void;
  replace(key: Key, row: Row): void;
}

/** The claims of an SQLite store, in its state file. */
export class SqliteClaims {
  readonly #file: SqliteFile;
  readonly #state: StateFile;
  readonly #rows: ClaimedRows;

  constructor(file: SqliteFile, state: StateFile, rows: ClaimedRows) {
    this.#file = file;
    this.#state = state;
    this.#rows = rows;
  }

  /** Looks up and claims a key under the lock of the state file. */
  claim(key: Key, options: ClaimOptions): MaybePromise<ClaimAnswer> {
    return trying(this.#file.path, () =>
      this.#state.lock(() => {
        const { isDone, lease } = options;
        // A finished run has committed its row before it took this lock to end its claim.
        const found = this.#found(key);
        const isDoneNow = found !== undefined && (!isDone || isDone(found));
        if (!isDoneNow) {
          this.#rows.checkFits(key, found);
          this.#translating(() => this.#file.checkWritable());
        }
        const claim = (): Claim =>
          lease ? this.#leased(key, lease, isDone) : this.#unleased(key, isDone);
        return this.#state.answer(key.text, isDoneNow, claim, lease);
      }));
  }

  #unleased(key: Key, isDone: ClaimOptions["isDone"]): Claim {
    return {
      record: async (row) => {
        const added = toRow(row);
        await trying(this.#file.path, () => {
          // Another process may have recorded it if the state file was deleted meanwhile.
          const found = this.#rows.find(key);
          if (!found) this.#rows.insert(added);
          else if (!isDone?.(found)) this.#rows.replace(key, added);
        });
        await this.#end(key, undefined, () => this.#state.finish(key.text), true);
      },
      fail: (failure: FailureNote) => this.#state.lock(() => this.#state.fail(key, failure)),
      release: () => this.#end(key, undefined, () => this.#state.release(key.text)),
    };
  }

  /** A lease may have been lost: its claim ends under the lock under which that is checked. */
  #leased(key: Key, lease: Lease, isDone: ClaimOptions["isDone"]): Claim {
    const { path } = this.#file;
    const check = (): boolean => {
      const found = this.#found(key);
      const isThere = found !== undefined;
      this.#state.checkLease(key.text, lease, isThere && (isDone?.(found) ?? true));
      return isThere;
    };
    const record = (given: Row, kept: (isDone: boolean) => void): MaybePromise<void> => {
      const row = toRow(given);
      return this.#state.lock(() => {
        const isThere = check();
        this.#translating(() => isThere ? this.#rows.replace(key, row) : this.#rows.insert(row));
        kept(true);
        this.#state.finish(key.text, lease);
      });
    };
    return {
      record: (row) =>
        trying(path, () => this.#state.ending(key.text, lease, (kept) => record(row, kept))),
      fail: (failure: FailureNote) =>
        trying(path, () =>
          this.#state.lock(() => {
            check();
            this.#state.fail(key, failure, lease);
          })),
      release: () =>
        trying(path, () =>
          this.#end(key, lease, () => {
            check();
            this.#state.release(key.text, lease);
          })),
    };
  }

  /** Ends a claim with nothing more to record. Without a lease, it ended with the store. */
  #end(
    { text }: Key,
    lease: Lease | undefined,
    end: () => void,
    isDone = false,
  ): MaybePromise<void> {
    if (this.#file.isClosed && !lease) return;
    this.#file.checkOpen();
    return this.#state.ending(text, lease, (kept) => {
      kept(isDone);
      return this.#state.lock(end);
    });
  }

  #found(key: Key): Row | undefined {
    return this.#translating(() => this.#rows.find(key));
  }

  /** An error of the store must not be taken for one of the state file, under whose lock it is thrown. */
  #translating<T>(body: () => T): T {
    return translating(this.#file.path, body);
  }
}
