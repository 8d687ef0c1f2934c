import { counted } from "../../core/display/counted.ts";
import { ConflictError, conflictLines } from "../../core/tools/conflict_error.ts";
import type { Output } from "../command.ts";

/**
 * Runs a body and resolves to the exit code: 1, with the conflicts listed, if rows of one key differ.
 *
 * @param advice The end of the error: what was not done, and what to do.
 */
export async function listConflicts(
  { log, error: complain }: Output,
  advice: string,
  body: () => Promise<void>,
): Promise<number> {
  try {
    await body();
    return 0;
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    for (const line of conflictLines(error.conflicts)) log(line);
    const more = error.count - error.conflicts.length;
    if (more > 0) log(`and ${more} more`);
    complain(
      `stet: ${counted(error.count, "key")} ${
        error.count === 1 ? "has" : "have"
      } rows that differ${advice}`,
    );
    return 1;
  }
}
