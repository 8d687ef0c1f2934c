import process from "node:process";

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

/** A terminal to draw on. */
export interface Terminal {
  /** Characters in a line. */
  readonly columns: number;
  /** Writes text, escape sequences included. */
  write(text: string): void;
}

/** Returns standard error, if it is a terminal. */
export function standardError(): Terminal | undefined {
  const { stderr } = process;
  if (!stderr.isTTY) return undefined;
  // The terminal may be closed meanwhile: runs are recorded all the same.
  stderr.on("error", () => {});
  return {
    get columns(): number {
      return stderr.columns || 80; // 0 where the width is unknown
    },
    write(text) {
      try {
        stderr.write(text);
      } catch {
        // Deno throws then.
      }
    },
  };
}
