import { closeAfter } from "../runtime/close_after.ts";
import { NAMESPACE } from "../values/columns.ts";
import { engineOf } from "../contract/adapted_backend.ts";
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
   * The columns that say which run a row is, `_stet_namespace` besides. Default: all that are not
   * reserved, and `_stet_namespace`.
   */
  readonly key?: readonly string[];
  /** Which of several rows of a key that differ is taken. Default: none, that is an error. */
  readonly prefer?: "newest" | "first";
}

/** What a merge came to. */
export interface MergeCounts {
  /** How many rows the stores had. */
  readonly read: number;
  /** How many there are now, one for each key. */
  readonly written: number;
  /** How many keys had rows that differ; one of them was taken. */
  readonly conflicts: number;
}

/** The type of {@linkcode mergeStores}. */
export type MergeFunction = (
  stores: readonly (string | URL)[],
  to: string | URL,
  options?: MergeOptions,
) => Promise<MergeCounts>;

/** `mergeStores` over the kinds of store that a registry knows. */
export function createMerge(registry: Registry): MergeFunction {
  return async (stores, to, { key, prefer, force = false, ...options } = {}) => {
    const opened: Engine[] = [];
    return await closeAfter(async () => {
      for (const store of stores) {
        opened.push(engineOf(await openExisting(registry, store, options)));
      }
      const selections = [];
      for (const store of opened) selections.push(await selectRows(store, {}));
      const columns = [...new Set(selections.flatMap((selection) => selection.columns))];
      if (key) checkKnown(key, columns);
      const united = await uniteRows(
        selections.map(({ rows }, i) => ({ name: String(stores[i]), rows })),
        keyShape(key && [...key, NAMESPACE]),
        prefer,
      );
      const written = await makeWhole(
        registry,
        to,
        { ...options, force },
        async (target) => await target.recordAll(united.rows(), { columns }),
      );
      return { read: united.read, written, conflicts: united.conflicts };
    }, async () => {
      await closeAfter(() => {}, ...opened.map((store) => () => store.close()));
    });
  };
}
