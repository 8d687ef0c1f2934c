const MAIN = Symbol.for("stet.main");
const realm = globalThis as { [MAIN]?: true };

/** Declares that the main module of this bundle runs the modules that processes and threads need. */
export function declareMain(): void {
  realm[MAIN] = true;
}

/**
 * True if a bundler has put two modules into one file, which is most likely the user's program: a process or
 * thread that starts the one would run that program again.
 */
export function isBundled(module: string, other: string): boolean {
  return module === other && !realm[MAIN];
}
