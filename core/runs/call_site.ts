import process from "node:process";

/** The place of a call. */
export interface CallSite {
  /** URL or path of the module, without a query; `<anonymous>` or `REPL` where there is no file. */
  readonly module: string;
  /** Its line and column, from 1. */
  readonly line: number;
  readonly column: number;
  /** True where code is evaluated again: in a notebook, a REPL and a module that is hot-reloaded. */
  readonly isEvaluated: boolean;
}

/**
 * Returns the site of the call of a function that is running; undefined where the runtime does not say.
 * That function calls this one itself, and not last: Bun drops the frames of tail calls.
 */
export function callSite(entry: (...args: never[]) => unknown): CallSite | undefined {
  const holder: { stack?: unknown } = {};
  try {
    (Error as { captureStackTrace?(holder: object, entry: unknown): void })
      .captureStackTrace?.(holder, entry);
  } catch {
    return undefined; // it was replaced by a program's own
  }
  // `at fit (file:///a.ts:1:2)`, `at file:///a.ts:1:2`, `at eval (eval at f (…), <anonymous>:1:2)`
  const frame = String(holder.stack).split("\n").find((line) => /^\s*at /.test(line));
  const [, location, line, column] = frame &&
      /(?:\(|, |\bat (?:async )?)((?:(?!\(|, ).)+?):(\d+):(\d+)\)?$/.exec(frame) || [];
  if (location === undefined || location === "unknown") return undefined;
  const module = location.replace(/[?#].*$/, "").replace(/^REPL\d+$/, "REPL");
  const isEvaluated = module !== location || !/[/\\]/.test(module) ||
    process.execArgv.includes("--hot"); // Bun's
  return { module, line: Number(line), column: Number(column), isEvaluated };
}
