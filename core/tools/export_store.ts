import { closeAfter } from "../runtime/close_after.ts";
import { StoreError } from "../errors.ts";
import { makeWhole, type WriteOptions } from "./make_whole.ts";
import type { Registry } from "../contract/registry.ts";
import { type Selection, selectRows } from "./select_rows.ts";
import { openExisting } from "../contract/open_existing.ts";

/** Options of {@linkcode exportStore}. */
export interface ExportOptions extends WriteOptions, Selection {}

/** Copies a store to one of any kind and resolves to the number of rows. */
export async function exportStore(
  registry: Registry,
  from: string | URL,
  to: string | URL,
  { where, columns, append = false, force = false, ...options }: ExportOptions = {},
): Promise<number> {
  const source = await openExisting(registry, from, options);
  return await closeAfter(async () => {
    const selected = await selectRows(source, { where, columns });
    return await makeWhole(registry, to, { ...options, append, force }, async (target) => {
      if (target.location === source.location) {
        throw new StoreError(`Cannot add "${source.location}" to itself; choose another target`);
      }
      const isWhole = where === undefined && columns === undefined;
      return await target.recordAll(selected.rows(), {
        columns: selected.columns,
        ...isWhole && { source },
      });
    });
  }, () => source.close());
}
