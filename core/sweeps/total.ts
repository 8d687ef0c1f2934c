import type { Items, Shard } from "./shard.ts";

/** Returns the number of params that a sweep takes, if arrays or grids say it. */
export function totalOf(items: Items, shard: Shard | undefined): number | undefined {
  const { length } = items as { readonly length?: unknown };
  return typeof length === "number" ? partOf(length, shard) : undefined;
}

/** Returns the number of params of a shard. */
export function partOf(total: number | undefined, shard: Shard | undefined): number | undefined {
  if (total === undefined || !shard || shard.steal) return total;
  return Math.max(0, Math.ceil((total - shard.index) / shard.count));
}
