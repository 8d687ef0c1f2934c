import process from "node:process";
import { completeBackend } from "./complete_backend.ts";
import { DEFAULT_STORE } from "./open_stores.ts";
import type { Registry } from "./registry.ts";
import { openExisting, type PrintOptions } from "./status.ts";
import { tableText } from "./table_text.ts";
import type { Row } from "./value.ts";

/** Options of {@linkcode ls}. */
export interface LsOptions extends PrintOptions {
  /** How many of the newest rows. Default: 20. */
  readonly limit?: number;
}

/** The type of {@linkcode ls}. */
export type LsFunction = (store?: string | URL, options?: LsOptions) => Promise<Row[]>;

/** `ls` over the kinds of store that a registry knows. */
export function createLs(registry: Registry): LsFunction {
  return async (store = DEFAULT_STORE, options = {}) => {
    const { limit = 20, quiet, log = console.log, ...rest } = options;
    if (!Number.isSafeInteger(limit) || limit < 1) {
      throw new RangeError(`Cannot list ${limit} rows: limit must be a whole number from 1 up`);
    }
    const backend = completeBackend(await openExisting(registry, store, rest));
    try {
      let newest: Row[] = [];
      let count = 0;
      for await (const row of backend.rows()) {
        count++;
        newest.push(row);
        if (newest.length >= 2 * limit) newest = newest.slice(-limit);
      }
      newest = newest.slice(-limit);
      if (!quiet) {
        for (const line of tableText(newest, await backend.columns(), process.stdout.columns)) {
          log(line);
        }
        if (count > newest.length) log(`the newest ${newest.length} of ${count} rows`);
      }
      return newest;
    } finally {
      await backend.close();
    }
  };
}
