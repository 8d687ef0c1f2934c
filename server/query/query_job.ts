/** The job of a process for SQL of clients: writes the answer of a statement to a file. @module */
import fs from "node:fs";
import process from "node:process";
import { query } from "../../mod.ts";
import { resultArrow } from "../../query/result_arrow.ts";
import { resultText } from "../../query/result_text.ts";
import type { Medium } from "../routes/media.ts";

/** The URL of this module, whatever it was compiled to. */
export const queryJob: string = import.meta.url;

/** The memory of DuckDB before it writes to the disk, in megabytes. */
const MAX_DUCKDB_MB = 1024;
/** The memory at which the process ends, in bytes: DuckDB does not count what a function builds. */
const MAX_MEMORY_BYTES = 2 ** 31;
const MEMORY_INTERVAL_MS = 50;
/** The time after its timeout at which an orphaned process ends, in milliseconds. */
const ABANDONED_MS = 10_000;

/** A statement, and the file for its answer. */
export interface QueryJob {
  /** The store's path. */
  readonly store: string;
  readonly sql: string;
  readonly maxRows: number;
  /** In milliseconds. */
  readonly timeout: number;
  readonly medium: Medium;
  /** The path of a file that does not exist yet. */
  readonly answer: string;
}

/** Writes the answer of a statement to its file. */
export async function answerQuery(
  { store, sql, maxRows, timeout, medium, answer }: QueryJob,
): Promise<void> {
  const memory = setInterval(endIfTooLarge, MEMORY_INTERVAL_MS);
  const abandoned = setTimeout(end, timeout + ABANDONED_MS);
  try {
    const result = await query(store, sql, { maxRows, timeout, maxMemoryMb: MAX_DUCKDB_MB });
    const pieces = medium === "arrow" ? resultArrow(result) : resultText(result, medium);
    const fd = fs.openSync(answer, "wx", 0o600);
    try {
      for await (const piece of pieces) fs.writeFileSync(fd, piece);
    } finally {
      fs.closeSync(fd);
    }
  } finally {
    clearInterval(memory);
    clearTimeout(abandoned);
  }
}

function endIfTooLarge(): void {
  if (process.memoryUsage.rss() > MAX_MEMORY_BYTES) end();
}

/** At once: an exit would wait for DuckDB's threads. */
function end(): void {
  process.kill(process.pid, "SIGKILL");
}
