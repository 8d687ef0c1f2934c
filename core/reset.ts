import process from "node:process";
import { closeAfter } from "./close_after.ts";
import { DEFAULT_STORE } from "./open_stores.ts";
import type { Registry } from "./registry.ts";
import type { PrintOptions } from "./status.ts";
import type { Row } from "./value.ts";
import { paramsText } from "./value_text.ts";

/** Options of {@linkcode reset}. */
export interface ResetOptions extends PrintOptions {
  /** Whether to clear the store without asking. Default: false on a terminal, true elsewhere. */
  readonly yes?: boolean;
}

/** The type of {@linkcode reset}. */
export type ResetFunction = (
  store?: string | URL,
  columns?: Row,
  options?: ResetOptions,
) => Promise<number>;

/** `reset` over the kinds of store that a registry knows. */
export function createReset(registry: Registry): ResetFunction {
  return async (location, columns, options = {}) => {
    const store = location ?? DEFAULT_STORE;
    const { quiet, log = console.log, yes = !process.stdin.isTTY, ...rest } = options;
    const say = (line: string): void => quiet ? undefined : log(`[stet] ${line}`);
    const backend = await registry.open(store, rest);
    return await closeAfter(async () => {
      if (columns) {
        const removed = await backend.remove(columns);
        const what = `{${paramsText(columns)}}`;
        say(
          removed === 0 ? `No entry matches: ${what}` : `Removed entry: ${what}${times(removed)}`,
        );
        return removed;
      }
      if (!yes && !await isConfirmed(`[stet] Clear all records in ${store}? [y/N] `)) {
        say("Aborted.");
        return 0;
      }
      const { length } = await backend.load();
      await backend.clear();
      say(`Store cleared: ${store}`);
      return length;
    }, () => backend.close());
  };
}

function times(count: number): string {
  return count === 1 ? "" : ` (${count} rows)`;
}

async function isConfirmed(question: string): Promise<boolean> {
  const { createInterface } = await import("node:readline/promises"); // slow to load, seldom needed
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return (await terminal.question(question)).trim().toLowerCase() === "y";
  } finally {
    terminal.close();
  }
}
