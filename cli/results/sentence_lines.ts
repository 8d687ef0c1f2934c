import process from "node:process";
import { flowing } from "../../figures/terminal/flowing.ts";
import type { TerminalOptions } from "../../figures/terminal/paint.ts";

/** Returns a sentence in lines of the terminal, broken at spaces; elsewhere it is one line. */
export function sentenceLines(text: string, { width }: TerminalOptions): string[] {
  return process.stdout.isTTY ? flowing(text.split(" "), width, " ") : [text];
}
