import type { SweepCounts } from "../../core/sweeps/sweep_types.ts";
import type { Pace } from "../../core/display/pace.ts";
import { progressParts } from "../../core/display/progress_line.ts";

/** Time between two lines. */
const INTERVAL_MS = 30_000;

/** Progress of a sweep where there is no terminal: a line every half minute. */
export class ProgressLog {
  readonly #timer: ReturnType<typeof setInterval>;

  /** @param say Prints a line. @param counts Returns the counts so far. */
  constructor(
    say: (line: string) => void,
    total: number | undefined,
    pace: Pace,
    counts: () => SweepCounts,
    intervalMs = INTERVAL_MS,
  ) {
    const start = performance.now();
    this.#timer = setInterval(() => {
      const now = performance.now();
      const parts = progressParts({
        ...counts(),
        total,
        rate: pace.rate(now / 1000),
        elapsed: (now - start) / 1000,
      });
      say(`[stet] ${parts.map(([, text]) => text.trim()).join(", ")}`);
    }, intervalMs);
  }

  /** Ends it. */
  end(): void {
    clearInterval(this.#timer);
  }
}
