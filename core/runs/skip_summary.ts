import { atExit } from "../runtime/at_exit.ts";
import { printError } from "../runtime/print_error.ts";

/** Time between two lines about one function. */
const INTERVAL_MS = 5_000;

/** Sums up the skipped calls of a function: a line every few seconds, and one at the end of the process. */
export class SkipSummary {
  readonly #label: string;
  #done = 0;
  #busy = 0;
  #isListening = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(label: string) {
    this.#label = label;
  }

  /** Adds a call. @param isBusy True if its key is not done: another process runs it. */
  add(isBusy: boolean): void {
    if (isBusy) this.#busy++;
    else this.#done++;
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => this.#print(), INTERVAL_MS);
    this.#timer.unref?.(); // the end of the process prints the rest
    if (!this.#isListening) atExit(() => this.#print());
    this.#isListening = true;
  }

  #print(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const [done, busy] = [this.#done, this.#busy];
    if (done + busy === 0) return;
    this.#done = this.#busy = 0;
    const parts = [
      ...done > 0 ? [`${callsText(done)} of ${this.#label}(): done before`] : [],
      ...busy > 0 ? [`${callsText(busy)} of ${this.#label}(): others run them`] : [],
    ];
    for (const part of parts) printError(`[stet] Skipped ${part}`);
  }
}

function callsText(count: number): string {
  return count === 1 ? "1 call" : `${count} calls`;
}
