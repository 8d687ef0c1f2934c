import { MemoryBackend } from "../backends/memory.ts";
import { engineOf } from "../core/contract/adapted_backend.ts";
import type { Engine } from "../core/contract/engine.ts";
import type { Row } from "../core/values/value.ts";
import { Columns } from "../figures/data/columns/columns.ts";
import { Follower } from "../server/figures/follower.ts";

/** The columns of a store, and their follower, which replaces them when the store is changed. */
export interface Followed {
  columns: Columns;
  readonly follower: Follower;
}

/** The columns of a store, without rows yet. */
export function followed(backend: Engine): Followed {
  let filled = new Columns();
  const follower = new Follower(backend, {
    begin: (isWhole) => void (filled = isWhole ? new Columns() : it.columns),
    insert: (rows) => filled.insert(rows),
    commit: (names) => {
      filled.commit(names);
      it.columns = filled;
    },
    abort: () => void (it.columns = new Columns()),
  });
  const it = { columns: filled, follower };
  return it;
}

/** A store in memory with these rows, and its columns. */
export async function columnsOf(
  rows: readonly Row[],
): Promise<Followed & { readonly backend: MemoryBackend }> {
  const backend = new MemoryBackend();
  for (const row of rows) backend.record(row);
  const it = followed(engineOf(backend));
  await it.follower.catchUp();
  return Object.assign(it, { backend });
}
