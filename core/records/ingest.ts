import fs from "node:fs";
import path from "node:path";
import { messageOf } from "../errors.ts";
import { isEmpty } from "./is_empty.ts";
import { readNote, type ResultNote } from "./result_note.ts";
import type { StorePlan, StoreRuns } from "./store_runs.ts";
import type { IngestCounts } from "./store_types.ts";

/** How {@linkcode ingest} goes about it. */
export interface IngestWays {
  readonly folder: string;
  readonly fileSuffix: string;
  /** Whether a note takes the place of a record that is there. */
  readonly overwrite: boolean;
  readonly warn: (message: string) => void;
}

/**
 * Makes records of the notes in a folder. A note goes only after its record is kept, so that whoever
 * is interrupted can begin again.
 */
export async function ingest(runs: StoreRuns, ways: IngestWays): Promise<IngestCounts> {
  const { folder, fileSuffix, warn } = ways;
  const counts = { recorded: 0, kept: 0, left: 0 };
  for (const name of fs.readdirSync(folder).sort()) {
    if (!name.endsWith(".json") || (/\.json$/.test(fileSuffix) && name.endsWith(fileSuffix))) {
      continue;
    }
    const file = path.join(folder, name);
    try {
      const note = noteIn(file);
      if (note) counts[await ingestNote(runs, file, note, ways)]++;
    } catch (error) {
      if (!(error instanceof Unfit)) throw error;
      counts.left++;
      warn(`[stet] Left the note "${file}" where it is: ${error.message}`);
    }
  }
  return counts;
}

/** Why a note is left out. */
class Unfit extends Error {}

/** The note in a file; undefined if another process took it in meanwhile. */
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
  { folder, overwrite }: IngestWays,
): Promise<"recorded" | "kept"> {
  const plan = planOf(runs, note);
  const resultFile = resultOf(note, folder);
  const answer = await runs.claim(
    plan,
    (claim) => runs.record(claim, plan, resultFile, note.customData),
    overwrite,
  );
  if (answer.state === "busy") throw new Unfit(`${answer.holder} runs it just now`);
  if (answer.state === "done") {
    const row = await runs.engine.find(plan.key);
    if (row) fitting(() => runs.compare(plan, row));
  }
  fs.rmSync(file, { force: true });
  return answer.state === "claimed" ? "recorded" : "kept";
}

function planOf(runs: StoreRuns, { id, params }: ResultNote): StorePlan {
  return fitting(() => runs.planRun({ ...params, id }, {}));
}

/** The note's result file, also if this machine has the folder under another path. */
function resultOf({ resultFile }: ResultNote, folder: string): string {
  for (const file of [resultFile, path.join(folder, path.basename(resultFile))]) {
    if (!isEmpty(file)) return file;
  }
  const isThere = fs.existsSync(resultFile);
  throw new Unfit(`its result file "${resultFile}" is ${isThere ? "empty" : "missing"}`);
}

function fitting<T>(body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw new Unfit(messageOf(error), { cause: error });
  }
}
