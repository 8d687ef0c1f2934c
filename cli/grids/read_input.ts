import { Buffer } from "node:buffer";
import process from "node:process";

/** True if a grid's option reads standard input: `-`, or a param with the values `@-`. */
export function readsInput(text: string): boolean {
  return text === "-" || /[=,]\s*@-\s*(?:,|$)/.test(text);
}

/** Returns all of standard input. */
export async function readInput(): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of process.stdin) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces).toString("utf8").replace(/^\ufeff/, "");
}
