import { stripVTControlCharacters } from "node:util";

/** An exception with its message, as Python, JavaScript, Java and others print it. */
const EXCEPTION = /^(?:[\w$]+[.:])*\w*(?:Error|Exception|Interrupt|SystemExit|Expired)\b/;

/** A message of a compiler, Go, Deno or git. */
const MESSAGE = /^(?:panic|fatal|error)\b.*:/i;

/** Begins a stack of Python; its exception is the next line that is not indented. */
const TRACEBACK = /^Traceback \(most recent call last\):/;

/** Words of a line that says what went wrong. */
const TROUBLE =
  /\b(?:errors?|exception|fatal|panicked|killed|aborted|segmentation fault|cannot|can't|could not|fail(?:ed|ure)|not found|no such|denied|invalid|out of memory)\b/i;

/** Lines that runtimes print after the error. */
const NOISE = /^(?:Node\.js v|Bun v|note: |goroutine |exit status |Execution halted)/;

/** Words that begin a stack frame or mark a place in a line of code. */
const FRAME = /^(?:\s|at |\^|~+)/;

/**
 * Returns the line of error output that says what went wrong: `RuntimeError: CUDA out of memory`, not the
 * traceback before it nor the advice after it. The last exception, else the last line about trouble, else the
 * last line; empty if there is none.
 */
export function tellingLine(output: string): string {
  const lines = stripVTControlCharacters(output).split(/\r\n?|\n/)
    .filter((line) => line.trim() !== "" && !NOISE.test(line));
  const traceback = lines.findLastIndex((line) => TRACEBACK.test(line));
  const flush = lines.filter((line) => !FRAME.test(line));
  const found = traceback >= 0
    ? lines.slice(traceback + 1).find((line) => !FRAME.test(line))
    : flush.findLast((line) => EXCEPTION.test(line) || MESSAGE.test(line)) ??
      flush.findLast((line) => TROUBLE.test(line));
  return (found ?? flush.at(-1) ?? lines.at(-1) ?? "").trim();
}
