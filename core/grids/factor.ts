import type { Row } from "../values/value.ts";

/** A factor of a grid: params that change together. */
export interface Factor {
  readonly names: readonly string[];
  /** The values of the params; of an axis, one name in each. */
  readonly parts: readonly Row[];
  /**
   * The texts that params were written as, by the index of the part, where programs would get them in another
   * spelling. Default: none.
   */
  readonly spelled?: ReadonlyMap<number, Readonly<Record<string, string>>>;
  /** The names whose values were read from text, their kind not decided by hand. Default: none. */
  readonly open?: readonly string[];
}
