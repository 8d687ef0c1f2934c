import os from "node:os";
import { mayAsk } from "./may_ask.ts";

let known: string | undefined;

/** This machine's name where permissions allow to ask for it; else empty. */
export function hostName(): string {
  return known ??= mayAsk("hostname") ? os.hostname() : "";
}
