/** The job of a process for SQL of clients: writes the answer of a statement to a file. @module */
import fs from "node:fs";
import process from "node:process";
import type { Backend } from "../../core/contract/backend.ts";
import { query } from "../../mod.ts";
import { resultArrow } from "../../query/result_arrow.ts";
import { resultText } from "../../query/result_text.ts";
import type { Medium } from "../routes/media.ts";

/** The URL of this module, whatever it was compiled to. */
export const queryJob: string = import.meta.url;

const MAX_DUCKDB_MB = 1024;
/** The memory at which the process ends, in bytes: DuckDB does not count what a function builds. */
const MAX_MEMORY_BYTES = 2 ** 31;
const MEMORY_INTERVAL_MS = 50;
/** The time after its timeout at which an orphaned process ends, in milliseconds. */
const ABANDONED_MS = 10_000;

/** A statement of a client. */
export interface Statement {
  readonly sql: string;
  readonly maxRows: number;
  /** In milliseconds. */
  readonly timeout: number;
  /** The memory of DuckDB before it writes to the disk. */
  readonly maxMemoryMb?: number;
  readonly medium: Medium;
}

/** A statement for a process. */
export interface QueryJob extends Statement {
  /** The store's path. */
  readonly store: string;
  /** The path of a file that does not exist yet. */
  readonly answer: string;
}

/** Runs a statement, and returns its answer piece by piece. */
export async function answerPieces(
  store: string | Backend,
  { sql, medium, ...limits }: Statement,
): Promise<AsyncGenerator<string | Uint8Array>> {
  const result = await query(store, sql, limits);
  return medium === "arrow" ? resultArrow(result) : resultText(result, medium);
}

/** Writes the answer of a statement to its file. */
export async function answerQuery({ store, answer, ...statement }: QueryJob): Promise<void> {
  const memory = setInterval(endIfTooLarge, MEMORY_INTERVAL_MS);
  const abandoned = setTimeout(end, statement.timeout + ABANDONED_MS);
  try {
    const pieces = await answerPieces(store, { ...statement, maxMemoryMb: MAX_DUCKDB_MB });
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
