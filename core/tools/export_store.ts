import { closeAfter } from "../runtime/close_after.ts";
import { engineOf } from "../contract/adapted_backend.ts";
import { StoreError } from "../errors.ts";
import { makeWhole, type WriteOptions } from "./make_whole.ts";
import type { Registry } from "../contract/registry.ts";
import { type Selection, selectRows } from "./select_rows.ts";
import { openExisting } from "../contract/open_existing.ts";

/** Options of {@linkcode exportStore}. */
export interface ExportOptions extends WriteOptions, Selection {}

/** The type of {@linkcode exportStore}. */
export type ExportFunction = (
  from: string | URL,
  to: string | URL,
  options?: ExportOptions,
) => Promise<number>;

/** `exportStore` over the kinds of store that a registry knows. */
export function createExport(registry: Registry): ExportFunction {
  return async (from, to, { where, columns, append = false, force = false, ...options } = {}) => {
    const source = engineOf(await openExisting(registry, from, options));
    return await closeAfter(async () => {
      const selection = { ...where !== undefined && { where }, ...columns && { columns } };
      const selected = await selectRows(source, selection);
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
  };
}
