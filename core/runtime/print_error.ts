/**
 * Prints a line on standard error, if it can be printed: Deno throws where the terminal was closed, and what
 * runs is to be recorded all the same.
 */
export function printError(line: string): void {
  try {
    console.error(line);
  } catch {
    // Nothing reads it.
  }
}
