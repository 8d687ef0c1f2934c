/** The factors of an iterable of params. Values are as the user gave them. */
export interface KnownFactors {
  readonly factors: readonly {
    readonly names: readonly string[];
    readonly length: number;
    parts(): readonly Readonly<Record<string, unknown>>[];
  }[];
  /** Places of the combinations among all those of the factors. Default: every place. */
  readonly places?: ArrayLike<number> | undefined;
}

/** Functions that return the factors of params, of the params that have some. */
const known = new WeakMap<object, () => KnownFactors>();

/** Notes the factors of params, for the plan of a sweep over them. */
export function setFactors(items: object, factors: () => KnownFactors): void {
  known.set(items, factors);
}

/** Returns the factors of params, if they are known. */
export function factorsOf(items: object): KnownFactors | undefined {
  return known.get(items)?.();
}
