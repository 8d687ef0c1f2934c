import type { Pace } from "./pace.ts";
import { type Progress, progressLine } from "./progress_line.ts";
import type { Terminal } from "../runtime/print_error.ts";

/** Minimum time between two drawings. */
const INTERVAL_MS = 100;

/** Free columns at the end of the line: the terminal puts `^C` there, and wraps at the last column. */
const MARGIN = 3;

const CLEAR_LINE = "\r\x1b[K";

/** Counts of a sweep so far. */
type Counts = Pick<Progress, "ran" | "skipped" | "failed">;

/** The methods of `console` that print. */
const METHODS = ["log", "info", "debug", "warn", "error"] as const;

/**
 * Progress line of a sweep in a terminal, redrawn ten times a second at most. Output through `console`
 * appears above it.
 */
export class ProgressBar {
  readonly #terminal: Terminal;
  readonly #total: number | undefined;
  readonly #pace: Pace;
  readonly #start: number;
  readonly #counts: () => Counts;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #restore: () => void;
  #drawn = -Infinity;
  #isShown = false;

  constructor(
    terminal: Terminal,
    total: number | undefined,
    pace: Pace,
    counts: () => Counts,
  ) {
    this.#terminal = terminal;
    this.#counts = counts;
    this.#total = total;
    this.#pace = pace;
    this.#start = performance.now();
    this.#restore = this.#guardConsole();
    this.#timer = setInterval(() => this.#draw(), INTERVAL_MS);
  }

  /** Prints something above the bar. */
  above(print: () => void): void {
    this.#hide();
    print();
    if (performance.now() - this.#drawn >= INTERVAL_MS) this.#draw();
  }

  /** Removes the bar and restores the terminal. */
  end(): void {
    clearInterval(this.#timer);
    this.#restore();
    this.#hide();
  }

  #draw(): void {
    const now = performance.now();
    const line = progressLine({
      ...this.#counts(),
      total: this.#total,
      rate: this.#pace.rate(now / 1000),
      elapsed: (now - this.#start) / 1000,
    }, this.#terminal.columns - MARGIN);
    this.#terminal.write(CLEAR_LINE + line);
    this.#drawn = now;
    this.#isShown = true;
  }

  #hide(): void {
    if (this.#isShown) this.#terminal.write(CLEAR_LINE);
    this.#isShown = false;
  }

  #guardConsole(): () => void {
    const originals = METHODS.map((name) => [name, console[name]] as const);
    for (const [name, original] of originals) {
      console[name] = (...args: unknown[]) => this.above(() => original.apply(console, args));
    }
    return () => {
      for (const [name, original] of originals) console[name] = original;
    };
  }
}
