import os from "node:os";
import { mayAsk } from "./may_ask.ts";

let known: string | undefined;

/** Returns the name of this machine; empty where permissions hide it. */
export function hostName(): string {
  return known ??= mayAsk("hostname") ? os.hostname() : "";
}
