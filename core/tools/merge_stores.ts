import { shownLocation } from "../runtime/shown_location.ts";
import { closeAfter } from "../runtime/close_after.ts";
import { NAMESPACE } from "../values/columns.ts";
import type { Engine } from "../contract/engine.ts";
import { keyShape } from "../keys/key.ts";
import { makeWhole, type WriteOptions } from "./make_whole.ts";
import type { Registry } from "../contract/registry.ts";
import { checkKnown, selectRows } from "./select_rows.ts";
import { openExisting } from "../contract/open_existing.ts";
import { uniteRows } from "./unite_rows.ts";

/** Options of {@linkcode mergeStores}. */
export interface MergeOptions extends Omit<WriteOptions, "append"> {
  /**
   * The columns that say which run a row is, next to `_stet_namespace`. Default: all columns that are not
   * reserved.
   */
  readonly key?: readonly string[];
  /** The row that is taken of several of a key that differ. Default: none; a conflict is an error. */
  readonly prefer?: "newest" | "first";
}

/** Counts of a merge. */
export interface MergeCounts {
  /** Number of rows in the stores. */
  readonly read: number;
  /** Number of rows in the new store, one for each key. */
  readonly written: number;
  /** Number of keys with rows that differ; one of the rows was taken. */
  readonly conflicts: number;
}

/** Writes the rows of several stores to a new one, one row for each key. */
export async function mergeStores(
  registry: Registry,
  stores: readonly (string | URL)[],
  to: string | URL,
  { key, prefer, force = false, ...options }: MergeOptions = {},
): Promise<MergeCounts> {
  const opened: Engine[] = [];
  return await closeAfter(async () => {
    for (const store of stores) {
      opened.push(await openExisting(registry, store, options));
    }
    const selections = await Array.fromAsync(opened, (store) => selectRows(store, {}));
    const columns = [...new Set(selections.flatMap((selection) => selection.columns))];
    if (key) checkKnown(key, columns);
    const united = await uniteRows(
      selections.map(({ rows }, i) => ({ name: shownLocation(stores[i]!), rows })),
      keyShape(key && [...key, NAMESPACE]),
      prefer,
    );
    const written = await makeWhole(
      registry,
      to,
      { ...options, force },
      (target) => target.recordAll(united.rows(), { columns }),
    );
    return { read: united.read, written, conflicts: united.conflicts };
  }, () => closeAfter(() => {}, ...opened.map((store) => () => store.close())));
}
