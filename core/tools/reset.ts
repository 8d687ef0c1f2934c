import process from "node:process";
import { shownLocation } from "../runtime/shown_location.ts";
import { closeAfter } from "../runtime/close_after.ts";
import { isConfirmed } from "../runtime/is_confirmed.ts";
import { engineOf } from "../contract/adapted_backend.ts";
import type { Engine } from "../contract/engine.ts";
import { DEFAULT_STORE } from "../runs/open_stores.ts";
import { dictRepr } from "../values/python_repr.ts";
import type { Registry } from "../contract/registry.ts";
import { nearMatches, removeSelected, type ResetSelection } from "./remove_selected.ts";
import type { PrintOptions } from "./status.ts";
import { toRow } from "../values/to_row.ts";
import type { Row } from "../values/value.ts";

/** Options of {@linkcode reset}. */
export interface ResetOptions extends PrintOptions {
  /** Condition of the entries, as `ls` takes it: `date >= '2024-02-01'`. Default: all. */
  readonly where?: string;
  /** True to clear the store without asking. Default: false on a terminal, true elsewhere. */
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
    const { quiet, log = console.log, yes = !process.stdin.isTTY, where, ...rest } = options;
    const say = (line: string): void => quiet ? undefined : log(`[stet] ${line}`);
    const backend = engineOf(await registry.open(store, rest));
    return await closeAfter(async () => {
      if (columns || where !== undefined) {
        const selection = { columns: columns && toRow(columns), where };
        return await resetSelected(backend, selection, say);
      }
      if (
        !yes && !await isConfirmed(`[stet] Clear all records in ${shownLocation(store)}? [y/N] `)
      ) {
        say("Aborted.");
        return 0;
      }
      const { length } = await backend.load();
      await backend.clear();
      say(`Store cleared: ${shownLocation(store)}`);
      return length;
    }, () => backend.close());
  };
}

/**
 * Removes the selected entries of an open store, reports them, and resolves to the number of rows and
 * failures.
 *
 * @throws {SyntaxError} If `where` cannot be read. @throws {TypeError} If the selection is empty.
 */
export async function resetSelected(
  backend: Engine,
  selection: ResetSelection,
  say: (line: string) => void,
): Promise<number> {
  const { columns, where } = selection;
  const { rows, failures } = await removeSelected(backend, selection);
  const what = [columns && dictRepr(columns), where && `where ${where}`]
    .filter((text) => text !== undefined).join(" ");
  if (rows + failures > 0) {
    say(`Removed entry: ${what}${counted(rows, failures)}`);
    return rows + failures;
  }
  say(`No entry matches: ${what}`);
  if (columns) { for (const line of await nearMatches(backend, columns)) say(line); }
  return 0;
}

function counted(rows: number, failures: number): string {
  if (rows === 1 && failures === 0) return "";
  const texts = ([[rows, "row"], [failures, "failure"]] as const)
    .filter(([count]) => count > 0)
    .map(([count, what]) => `${count} ${what}${count === 1 ? "" : "s"}`);
  return ` (${texts.join(", ")})`;
}
