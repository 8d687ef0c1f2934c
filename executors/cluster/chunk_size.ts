import type { JobOutput } from "./chunk.ts";

/** Duration of a chunk, in seconds. */
export const CHUNK_SECONDS = 5;
/** Maximum number of runs in a chunk. */
export const MAX_CHUNK = 1_000;
/** Maximum number of runs in a chunk while no duration is known. */
const MAX_GUESS = 256;
/** Time that a run takes besides its function, in seconds. */
const OVERHEAD_SECONDS = 0.001;
/** Weight of the newest duration. */
const WEIGHT = 0.3;

/**
 * The number of runs in a chunk: about five seconds of work by the durations that workers report. Until one is
 * known, chunks begin with one run and grow, so that several workers get some of a small grid.
 */
export class ChunkSize {
  #seconds: number | undefined;
  #sent = 0;

  /** Returns the size of the next chunk. */
  get next(): number {
    if (this.#seconds !== undefined) return sizeFor(this.#seconds);
    return Math.min(2 ** Math.floor(this.#sent / 2), MAX_GUESS);
  }

  /** True once a duration is known. */
  get isKnown(): boolean {
    return this.#seconds !== undefined;
  }

  /** Notes that a chunk is sent. */
  sent(): void {
    this.#sent++;
  }

  /** Notes the output of a job. */
  learn({ seconds }: Partial<JobOutput>): void {
    if (seconds === undefined) return;
    const before = this.#seconds ?? seconds;
    this.#seconds = before + WEIGHT * (seconds - before);
  }
}

/** Returns the size of a chunk of runs whose function takes so long. */
export function sizeFor(seconds: number): number {
  const size = Math.round(CHUNK_SECONDS / (seconds + OVERHEAD_SECONDS));
  return Math.max(1, Math.min(MAX_CHUNK, size));
}
