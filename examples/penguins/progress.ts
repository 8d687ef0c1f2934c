import process from "node:process";

/** Progress of a sweep. */
export interface Progress {
  readonly total: number;
  /** Number of runs that were done before it began. */
  readonly before: number;
  /** Number of runs that are done now, earlier ones and those of other processes included. */
  readonly done: number;
  /** Number of runs of this process. */
  readonly ran: number;
  /** Milliseconds since it began. */
  readonly elapsed: number;
}

/** Progress as one line of at most `width` characters; what matters least is left out first. */
export function progressLine(
  { total, before, done, ran, elapsed }: Progress,
  width: number,
): string {
  const rate = (done - before) / elapsed * 1000;
  const count = `${done} of ${total}`;
  const speed = rate > 0 ? `  ${rate.toFixed(rate < 10 ? 1 : 0)}/s` : "";
  const left = rate > 0 && done < total ? `  ${Math.ceil((total - done) / rate)} s left` : "";
  const shares = `  ${ran} run here, ${done - ran} skipped`;
  const texts = [count + shares + speed + left, count + speed + left, count + left, count];
  const text = texts.find(({ length }) => length <= width) ?? "";
  const bar = Math.min(width - text.length - 3, 24);
  if (bar < 8) return text;
  const filled = Math.floor(bar * done / Math.max(total, 1));
  return `[${"#".repeat(filled)}${".".repeat(bar - filled)}] ${text}`;
}

/** Shows progress: on a terminal in one line that redraws, elsewhere a line every two seconds. */
export function showProgress(
  out: typeof process.stdout = process.stdout,
): { show(progress: Progress): void; end(): void } {
  const pause = out.isTTY ? 100 : 2000;
  let shown = out.isTTY ? -Infinity : 0;
  let latest: Progress | undefined;

  function draw(progress: Progress): void {
    // Short of the width: a full line wraps and cannot be redrawn, and Ctrl-C is echoed as `^C`.
    if (out.isTTY) out.write(`\r${progressLine(progress, (out.columns || 80) - 3)}\x1b[K`);
    else out.write(`${progressLine(progress, 72)}\n`);
  }

  return {
    show(progress: Progress): void {
      latest = progress;
      if (progress.elapsed - shown < pause) return;
      shown = progress.elapsed;
      draw(progress);
    },
    end(): void {
      if (latest) draw(latest);
      if (latest && out.isTTY) out.write("\n");
    },
  };
}
