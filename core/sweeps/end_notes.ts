import { counted } from "../display/counted.ts";
import { cutText } from "../display/display_width.ts";
import { messageOf, nameOf } from "../errors.ts";
import { isThrottled } from "./http_retry.ts";
import { shellText } from "../runtime/shell_text.ts";
import { shownLocation } from "../runtime/shown_location.ts";

/** Maximum length of an error, in characters. */
const MAX_ERROR = 200;
/** Maximum number of names in a line. */
const MAX_NAMES = 5;

/** The function and the store of a sweep. */
export interface SweptNames {
  /** Name of the function in messages. */
  readonly label: string;
  /** Location of the store. */
  readonly location: string;
}

/** Counts what a sweep says at its end: failed runs, and params that made no difference. */
export class EndNotes {
  #failed = 0;
  #firstError: unknown;
  #items = 0;
  #keys = 0;
  /** Names of params that items with equal keys had outside of the key. */
  readonly #unused = new Set<string>();
  #keyNames: readonly string[] = [];

  /** Adds a failed run. */
  addFailed(error: unknown): void {
    if (this.#failed++ === 0) this.#firstError = error;
  }

  /** Adds an item with a new key. */
  addKey(): void {
    this.#items++;
    this.#keys++;
  }

  /**
   * Adds an item whose key an earlier one had.
   *
   * @param unused Names of its params outside of the key.
   * @param keyNames Names of its params in the key.
   */
  addRepeated(unused: readonly string[], keyNames: readonly string[]): void {
    this.#items++;
    if (unused.length === 0) return; // the params are equal
    for (const name of unused) this.#unused.add(name);
    this.#keyNames = keyNames;
  }

  /**
   * Returns the line about failed runs, undefined if there are none.
   *
   * @param isRetried False if attempts are not repeated.
   */
  failures({ label, location }: SweptNames, isRetried: boolean): string | undefined {
    if (this.#failed === 0) return undefined;
    const which = `${counted(this.#failed, "run")} of ${label}() failed${
      this.#failed > 1 ? ", the first" : ""
    }`;
    const isInMemory = location === ":memory:";
    const advice = isInMemory ? "" : `; see stet failures ${shellText([shownLocation(location)])}`;
    const isThrottling = !isRetried && isThrottled(this.#firstError);
    const remedy = isThrottling ? "; retry: httpRetry waits and tries again" : "";
    return `[stet] ${which}: ${errorText(this.#firstError)}${advice}${remedy}`;
  }

  /** Returns the line about combinations that share keys, undefined if there are none. */
  collapsed({ label }: SweptNames): string | undefined {
    const { size } = this.#unused;
    if (size === 0) return undefined;
    const names = [...this.#unused].slice(0, MAX_NAMES).map((name) => `"${name}"`).join(", ");
    return `[stet] ${this.#items} combinations are ${counted(this.#keys, "run")} of ${label}(): ` +
      `${names}${size > MAX_NAMES ? ", …" : ""} ${size === 1 ? "is" : "are"} not in its key ` +
      `(${this.#keyNames.join(", ")})`;
  }
}

/** Returns the line about keys that failed for good before. */
export function leftFailedText(count: number): string {
  return `[stet] ${counted(count, "run")} failed for good before and ` +
    `${count === 1 ? "was" : "were"} not run again; retryPermanent: true ` +
    `(--retry-permanent of stet sweep) runs ${count === 1 ? "it" : "them"}`;
}

/** Returns the name and the first line of an error. */
function errorText(error: unknown): string {
  const name = nameOf(error);
  const [line = ""] = messageOf(error).split("\n", 1);
  const isNamed = name !== "" && name !== "Error" && !line.startsWith(name);
  return cutText(isNamed ? `${name}: ${line}` : line, MAX_ERROR);
}
