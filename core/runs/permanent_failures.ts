import type { Failure } from "../contract/backend.ts";
import { type Key, keyOf, type KeyShape } from "../keys/key.ts";

/** Begin of the message of a permanent failure: stores of all kinds and versions keep it. */
const MARK = "[permanent] ";

/** Returns the message of a failure that a later sweep does not run again. */
export function permanentMessage(message: string): string {
  return MARK + message;
}

/** True if a later sweep does not run a failure again. */
export function isPermanent({ error }: Pick<Failure, "error">): boolean {
  return error.startsWith(MARK);
}

/** The permanent failures among those of a store, by key. */
export class PermanentFailures {
  readonly #failures: readonly Failure[];
  readonly #byShape = new Map<KeyShape, Map<string, Failure>>();

  constructor(failures: readonly Failure[]) {
    this.#failures = failures.filter(isPermanent);
  }

  /** Returns the error of a key's permanent failure, or undefined. */
  find({ shape, text }: Key): Error | undefined {
    if (this.#failures.length === 0) return undefined;
    let byText = this.#byShape.get(shape);
    if (!byText) {
      byText = new Map(this.#failures.map((each) => [keyOf(shape, each.params).text, each]));
      this.#byShape.set(shape, byText);
    }
    const found = byText.get(text);
    return found &&
      Object.assign(new Error(found.error.slice(MARK.length)), { stack: found.stack });
  }
}
