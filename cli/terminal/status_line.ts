import { cutText } from "../../core/display/display_width.ts";
import type { Output } from "../command.ts";

/** Free columns at the end of the line: the terminal puts `^C` there, and wraps at the last column. */
const MARGIN = 3;

const CLEAR_LINE = "\r\x1b[K";

/** Minimum time between two lines where there is no terminal. */
const LINE_INTERVAL_MS = 30_000;

/** A line about work elsewhere: redrawn on a terminal, else printed anew every half minute. */
export class StatusLine {
  readonly #output: Output;
  #printed = -Infinity;

  constructor(output: Output) {
    this.#output = output;
  }

  /** Shows a line in place of the one before. */
  show(line: string): void {
    const { terminal, error } = this.#output;
    if (terminal) return terminal.write(CLEAR_LINE + cutText(line, terminal.columns - MARGIN));
    const now = performance.now();
    if (now - this.#printed < LINE_INTERVAL_MS) return;
    this.#printed = now;
    error(line);
  }

  /** Prints something above the line. */
  above(text: string): void {
    this.end();
    this.#output.error(text);
  }

  /** Removes the line. */
  end(): void {
    this.#output.terminal?.write(CLEAR_LINE);
  }
}
