import { StoreError } from "../../core/errors.ts";
import { isOtherSource } from "../../core/runs/source_watch.ts";
import { JOB_VERSION, type JobData } from "./chunk.ts";

/** The jobs of a queue were sent for another source of its function, or by another version of stet. */
export class UnfitJobsError extends StoreError {
  override name = "UnfitJobsError";
}

/** The function of a queue. */
export interface QueueFunction {
  readonly label: string;
  readonly location: string;
  /** Source of its rows, undefined if it is not known. */
  readonly source?: string | undefined;
}

/** @throws {UnfitJobsError} If the data of a job does not fit this process. */
export function checkJob(
  { version, source }: Pick<JobData, "version" | "source">,
  { label, location, source: own = "" }: QueueFunction,
): void {
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
        `machines, or cancel those jobs with: stet worker --cancel`,
    );
  }
}
