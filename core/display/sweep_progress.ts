import { Pace } from "./pace.ts";
import { ProgressBar } from "./progress_bar.ts";
import { type Progress, progressLine } from "./progress_line.ts";
import { standardError } from "../runtime/print_error.ts";

/** Time between two lines where there is no terminal. */
const LINE_INTERVAL_MS = 30_000;
/** Time between two calls of a program's own function. */
const CALL_INTERVAL_MS = 100;
/** Width of a line where there is no terminal. */
const LINE_WIDTH = 100;

/** A sweep whose progress is shown. */
export interface ShownSweep {
  /** Number of its params, if it is known. */
  readonly total: number | undefined;
  /** Number of runs at a time. */
  readonly concurrency: number;
  readonly perSecond: number | undefined;
  /** Counts so far. */
  readonly counts: () => {
    readonly ran: number;
    readonly skipped: number;
    readonly failed: number;
  };
  /** Receives messages. */
  readonly log: (line: string) => void;
}

/** Progress of a sweep: a bar on a terminal, else a line every half minute; or calls of a program's function. */
export class SweepProgress {
  readonly #sweep: ShownSweep;
  readonly #pace: Pace;
  readonly #start = performance.now();
  readonly #bar: ProgressBar | undefined;
  readonly #call: ((progress: Progress) => void) | undefined;
  readonly #timer: ReturnType<typeof setInterval> | undefined;

  /**
   * @param call Receives the progress; `true` shows it.
   * @param onError Receives what the function throws.
   */
  constructor(
    sweep: ShownSweep,
    call: true | ((progress: Progress) => void),
    onError: (error: unknown) => void,
  ) {
    this.#sweep = sweep;
    this.#pace = new Pace(sweep.concurrency, sweep.perSecond);
    if (call !== true) {
      this.#call = call;
      this.#timer = setInterval(() => {
        try {
          call(this.#progress());
        } catch (error) {
          onError(error);
        }
      }, CALL_INTERVAL_MS);
      return;
    }
    const terminal = standardError();
    if (terminal) this.#bar = new ProgressBar(terminal, sweep.total, this.#pace, sweep.counts);
    else this.#timer = setInterval(() => this.#print(), LINE_INTERVAL_MS);
  }

  /** Notes that a run begins. Returns the function that notes its end. */
  begin(): () => void {
    const start = performance.now() / 1000;
    this.#pace.begin(start);
    return () => {
      const now = performance.now() / 1000;
      this.#pace.end(now, now - start);
    };
  }

  /** Removes the bar, or prints the last line, or calls the function for the last time. */
  end(): void {
    clearInterval(this.#timer);
    this.#bar?.end();
    if (this.#call) this.#call(this.#progress());
    else this.#print();
  }

  /** Prints something above the bar. */
  above(print: () => void): void {
    if (this.#bar) this.#bar.above(print);
    else print();
  }

  #print(): void {
    this.#sweep.log(`[stet] ${progressLine(this.#progress(), LINE_WIDTH)}`);
  }

  #progress(): Progress {
    const now = performance.now();
    return {
      ...this.#sweep.counts(),
      total: this.#sweep.total,
      rate: this.#pace.rate(now / 1000),
      elapsed: (now - this.#start) / 1000,
    };
  }
}
