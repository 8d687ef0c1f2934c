/**
 * Prints a line on standard error, if it can be printed: Deno throws where the terminal was closed, and what
 * runs is to be recorded all the same. Bun paints what `console.error` prints red.
 */
export function printError(line: string): void {
  try {
    console.warn(line);
  } catch {
    // Nothing reads it.
  }
}
