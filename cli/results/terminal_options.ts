import process from "node:process";
import { colorDepth, paintOf, type TerminalOptions } from "../../figures/terminal/paint.ts";

/** Characters in a line where there is no terminal. */
const WIDTH = 80;

/** Returns the width and colours of standard output. */
export function terminalOptions(): TerminalOptions {
  const { stdout, env } = process;
  const isTerminal = stdout.isTTY === true;
  const width = isTerminal && stdout.columns > 0 ? stdout.columns : WIDTH;
  return { width, paint: paintOf(colorDepth({ isTerminal, env })) };
}
