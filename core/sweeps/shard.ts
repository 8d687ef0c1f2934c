/** A part of the params of a sweep, by position: of a hundred parts, every hundredth item. */
export interface Shard {
  /** Number of the part, from 0 to `count` − 1. */
  readonly index: number;
  /** Number of parts. */
  readonly count: number;
  /**
   * True to go on with the items of all other parts after its own, so that a part that is ready early helps the
   * others. It then looks up every key. The params must be an array, or an iterable that begins anew each
   * time, as a grid does. Default: false.
   */
  readonly steal?: boolean;
}

/** Params of a sweep, as they come. */
export type Items = Iterable<unknown> | AsyncIterable<unknown>;

/**
 * Checks a shard.
 *
 * @throws {RangeError} If it is no part. @throws {TypeError} If its params can be read only once, and it steals.
 */
export function checkShard({ index, count, steal = false }: Shard, items: Items): void {
  if (!Number.isSafeInteger(count) || count < 1) {
    throw new RangeError(
      `Cannot sweep: shard.count must be a whole number from 1 up, got ${count}`,
    );
  }
  if (!Number.isSafeInteger(index) || index < 0 || index >= count) {
    throw new RangeError(
      `Cannot sweep: shard.index must be a whole number from 0 to ${count - 1}, got ${index}`,
    );
  }
  if (steal && (Symbol.asyncIterator in items || isIterator(items))) {
    throw new TypeError(
      "Cannot sweep: shard.steal reads the params again, and these can be read only once; give an " +
        "array, or a grid",
    );
  }
}

/** Returns the items of a shard, an array if they are one. Their keys are not made to find them. */
export function shardItems(items: Items, { index, count, steal = false }: Shard): Items {
  if (Array.isArray(items) && !steal) return items.filter((_, i) => i % count === index);
  if (Symbol.asyncIterator in items) return asyncPart(items, index, count);
  return steal ? allParts(items, index, count) : part(items, index, count);
}

/** True for what gives its values once: an iterator, as generators are. */
function isIterator(items: Iterable<unknown>): boolean {
  return items[Symbol.iterator]() === items as unknown;
}

function* part(items: Iterable<unknown>, offset: number, count: number): Generator<unknown> {
  let next = offset;
  let i = 0;
  for (const item of items) {
    if (i++ !== next) continue;
    next += count;
    yield item;
  }
}

function* allParts(items: Iterable<unknown>, offset: number, count: number): Generator<unknown> {
  yield* part(items, offset, count);
  let i = 0;
  for (const item of items) if (i++ % count !== offset) yield item;
}

async function* asyncPart(
  items: AsyncIterable<unknown>,
  offset: number,
  count: number,
): AsyncGenerator<unknown> {
  let i = 0;
  for await (const item of items) if (i++ % count === offset) yield item;
}
