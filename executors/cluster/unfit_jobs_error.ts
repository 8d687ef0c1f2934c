import { messageOf, StoreError } from "../../core/errors.ts";
import type { Fingerprint } from "../../core/keys/fingerprint.ts";
import { isOtherSource } from "../../core/runs/source_watch.ts";
import { decodeRun, JOB_VERSION, type JobData, KEY_LENGTH, keyText } from "./chunk.ts";

/** The jobs of a queue were sent for another source or key of its function, or by another version of stet. */
export class UnfitJobsError extends StoreError {
  override name = "UnfitJobsError";
}

/** The function of a queue. */
export interface QueueFunction {
  readonly label: string;
  readonly location: string;
  /** Source of its rows, undefined if it is not known. */
  readonly source?: string | undefined;
  /** Returns the fingerprint of the run of an item. */
  fingerprintOf(item: unknown): Fingerprint;
}

/**
 * Checks that the data of a job fits this process.
 *
 * @param workerCommand Command that starts a worker, for the remedy.
 * @throws {UnfitJobsError} If it does not.
 */
export function checkJob(
  { version, source, keys, runs: [run] }: Omit<JobData, "attempts" | "save">,
  { label, location, source: own = "", fingerprintOf }: QueueFunction,
  workerCommand = "stet worker",
): void {
  // Options come before the program of a worker.
  const cancel = `cancel those jobs with: ${
    workerCommand.replace("stet worker", "stet worker --cancel")
  }`;
  const refusal = `Cannot sweep ${label} on store "${location}": its jobs were sent `;
  if (version !== JOB_VERSION) {
    throw new UnfitJobsError(
      `${refusal}by another version of stet (jobs of version ${version}, here ${JOB_VERSION}); use one ` +
        `version on all machines`,
    );
  }
  if (source !== "" && own !== "" && isOtherSource(source, own)) {
    throw new UnfitJobsError(
      `${refusal}for another source of it (${source}, here ${own}); use one version of it on all ` +
        `machines, or ${cancel}`,
    );
  }
  if (run === undefined) return;
  const { item } = decodeRun(run);
  let key: string;
  try {
    key = keyText(fingerprintOf(item));
  } catch (error) {
    throw new UnfitJobsError(`${refusal}with other params: ${messageOf(error)}`, { cause: error });
  }
  if (key === keys.slice(0, KEY_LENGTH)) return;
  throw new UnfitJobsError(
    `${refusal}with another key of it; give it the same key, defaults and namespace on all machines, or ` +
      cancel,
  );
}
