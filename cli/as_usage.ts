import { UsageError } from "./command.ts";

/** Runs what is asked; what it says of its arguments (a column that is not there) is a wrong command line. */
export async function asUsage<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
    if (!error.message.startsWith("Cannot ")) throw error; // not one of ours
    throw new UsageError(error.message, { cause: error });
  }
}
