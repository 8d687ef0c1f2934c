import fs from "node:fs";
import path from "node:path";
import { messageOf } from "../errors.ts";
import { isEmpty } from "./result_files.ts";
import { readNote, type ResultNote } from "./result_note.ts";
import type { StoreRuns } from "./store_runs.ts";
import type { IngestCounts } from "./store_types.ts";

/** Options of {@linkcode ingest}. */
export interface IngestOptions {
  readonly folder: string;
  readonly fileSuffix: string;
  /** True if a note replaces a record of the same id. */
  readonly overwrite: boolean;
  readonly warn: (message: string) => void;
}

/**
 * Records the notes in a folder, and returns their numbers. A note is removed after its record is kept, so that
 * an interrupted call can be repeated.
 */
export async function ingest(runs: StoreRuns, options: IngestOptions): Promise<IngestCounts> {
  const { folder, fileSuffix, warn } = options;
  const counts = { recorded: 0, kept: 0, left: 0 };
  for (const name of fs.readdirSync(folder).sort()) {
    if (!name.endsWith(".json") || (/\.json$/.test(fileSuffix) && name.endsWith(fileSuffix))) {
      continue;
    }
    const file = path.join(folder, name);
    try {
      const note = noteIn(file);
      if (note) counts[await ingestNote(runs, file, note, options)]++;
    } catch (error) {
      if (!(error instanceof Unfit)) throw error;
      counts.left++;
      warn(`[stet] Left the note "${file}" where it is: ${error.message}`);
    }
  }
  return counts;
}

/** The reason for leaving a note. */
class Unfit extends Error {}

/** Returns the note in a file, or undefined if another process has recorded it meanwhile. */
function noteIn(file: string): ResultNote | undefined {
  return fitting(() => {
    try {
      return readNote(file);
    } catch (error) {
      if ((error as { code?: unknown }).code === "ENOENT") return undefined;
      throw error;
    }
  });
}

async function ingestNote(
  runs: StoreRuns,
  file: string,
  note: ResultNote,
  { folder, overwrite }: IngestOptions,
): Promise<"recorded" | "kept"> {
  const { id, params } = note;
  const plan = fitting(() => runs.plan({ ...params, id }, {}));
  const resultFile = resultOf(note, folder);
  const answer = await runs.claim(
    plan,
    (claim) => runs.record(claim, plan, resultFile, note.customData),
    overwrite,
  );
  if (answer.state === "busy") throw new Unfit(`${answer.holder} runs it now`);
  if (answer.state === "done") {
    const row = await runs.engine.find(plan.key);
    if (row) fitting(() => runs.compare(plan, row));
  }
  fs.rmSync(file, { force: true });
  return answer.state === "claimed" ? "recorded" : "kept";
}

/** Returns the result file of a note, also if this machine has the folder under another path. */
function resultOf({ resultFile }: ResultNote, folder: string): string {
  for (const file of [resultFile, path.join(folder, path.basename(resultFile))]) {
    if (!isEmpty(file)) return file;
  }
  const isThere = fs.existsSync(resultFile);
  throw new Unfit(`its result file "${resultFile}" is ${isThere ? "empty" : "missing"}`);
}

/** @throws {Unfit} If the body throws. */
function fitting<T>(body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw new Unfit(messageOf(error), { cause: error });
  }
}
