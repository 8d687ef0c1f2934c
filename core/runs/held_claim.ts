import type { Claim, ClaimAnswer, ClaimOptions } from "../contract/backend.ts";
import type { Engine } from "../contract/engine.ts";
import { ColumnError, LostClaimError, messageOf, stackOf, StoreError } from "../errors.ts";
import { permanentMessage } from "./permanent_failures.ts";
import { type Key, keyOf, keyShape } from "../keys/key.ts";
import type { Row } from "../values/value.ts";
import { paramsText } from "../values/value_text.ts";

/** The answer to a claim, with the result of the body that held it. */
export type Held<T> =
  | { readonly state: "claimed"; readonly result: T }
  | Exclude<ClaimAnswer, { readonly state: "claimed" }>;

/** Options of {@linkcode holdingClaim}. */
export interface HoldOptions extends ClaimOptions {
  /** Name of the function in messages. */
  readonly label: string;
  /** Receives trouble that must not replace another error. Default: `console.warn`. */
  readonly warn?: (message: string) => void;
}

/**
 * Claims a key and runs a body while the claim is held. The only owner of claims in core: the claim
 * ends when the body does, on every path. A body that has recorded nothing leaves the key free, also
 * if it throws, if its record is refused, or if its failure cannot be noted.
 */
export async function holdingClaim<T>(
  backend: Engine,
  key: Key,
  options: HoldOptions,
  body: (claim: HeldClaim) => Promise<T>,
): Promise<Held<T>> {
  const answer = await backend.claim(key, options);
  if (answer.state !== "claimed") return answer;
  const claim = new HeldClaim(backend, key, answer.claim, options);
  try {
    return { state: "claimed", result: await body(claim) };
  } finally {
    if (!claim.isOver) await claim.release();
  }
}

/** A claim that ends with the body that holds it. */
export class HeldClaim {
  readonly #backend: Engine;
  readonly #key: Key;
  readonly #claim: Claim;
  readonly #options: HoldOptions;
  /** True once the claim has ended. */
  isOver = false;

  constructor(backend: Engine, key: Key, claim: Claim, options: HoldOptions) {
    this.#backend = backend;
    this.#key = key;
    this.#claim = claim;
    this.#options = options;
  }

  /**
   * Adds the row of the run and ends the claim.
   *
   * @throws {ColumnError} If the store cannot have one of its columns; the claim is still held.
   * @throws {StoreError} If the row cannot be recorded; says so if it is in the store all the same.
   */
  async record(row: Row): Promise<void> {
    try {
      await this.#claim.record(row);
      this.isOver = true;
    } catch (error) {
      if (error instanceof ColumnError) throw error; // the row can be recorded in another form
      // Concurrently: over a network each of them may wait for its time-out.
      const [isThere] = await Promise.all([this.#hasRow(row), this.release()]);
      throw isThere && !(error instanceof LostClaimError) ? this.#inDoubt(error) : error;
    }
  }

  /** Notes that the run failed and ends the claim. Never rejects: the error of the run is the one to throw. */
  async fail(error: unknown, attempts: number, isPermanent = false): Promise<void> {
    const message = messageOf(error);
    try {
      await this.#claim.fail({
        error: isPermanent ? permanentMessage(message) : message,
        stack: stackOf(error),
        attempts,
      });
      this.isOver = true;
    } catch (trouble) {
      this.#warn(`Cannot note that ${this.#options.label}() failed: ${messageOf(trouble)}`);
      await this.release();
    }
  }

  /** Ends the claim; nothing is noted. Never rejects. */
  async release(): Promise<void> {
    this.isOver = true;
    try {
      await this.#claim.release();
    } catch (trouble) {
      if (trouble instanceof LostClaimError) return; // another client has the key already
      this.#warn(`Cannot end the claim of ${this.#run}: ${messageOf(trouble)}`);
    }
  }

  /** True if the newest row of the key is this one. */
  async #hasRow(row: Row): Promise<boolean> {
    try {
      const shape = keyShape(Object.keys(row));
      const found = await this.#backend.find(this.#key);
      return found !== undefined && keyOf(shape, found).text === keyOf(shape, row).text;
    } catch {
      return false; // a value that no cell holds, or a store that cannot be read: the first error says why
    }
  }

  #inDoubt(cause: unknown): StoreError {
    return new StoreError(
      `${messageOf(cause)}. In doubt: the row of ${this.#run} is in ` +
        `"${this.#backend.location}" and counts as done, but may not survive a power cut; look at it, and reset it to run again`,
      { cause },
    );
  }

  /** The run in messages. */
  get #run(): string {
    return `${this.#options.label}(${paramsText(this.#key.values)})`;
  }

  #warn(message: string): void {
    (this.#options.warn ?? console.warn)(`[stet] ${message}`);
  }
}
