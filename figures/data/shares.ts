/** A param's value of each configuration, as a number below `levels`. */
export interface Factor {
  readonly levels: number;
  readonly of: ArrayLike<number>;
}

/** Shares of a variance, 0 to 1. */
export interface Shares {
  /** The numbers of one or two factors, and their share. */
  readonly terms: readonly { readonly factors: readonly number[]; readonly share: number }[];
  /** The share of everything else that configurations differ by. */
  readonly higher: number;
  /** The share within configurations. */
  readonly noise: number;
  /** True if each combination has a configuration, and all have as many runs. */
  readonly exact: boolean;
}

/** The maximum number of factors that pairs are made of. */
const MAX_PAIRED = 6;
/** The limits of an iterative solution: steps, and the relative size of a gradient that is none. */
const MAX_STEPS = 200;
const TOLERANCE = 1e-9;
/** The maximum number of additions of all iterative solutions. */
const MAX_WORK = 60_000_000;

/**
 * Returns the shares of the variance of a metric. Each configuration has the same weight, whatever the number
 * of its runs.
 *
 * Of a complete grid, these are the sums of squares of the analysis of variance. Otherwise each term's share is
 * the variance that it explains beyond the terms before it (sequential sums of squares): first the factors, by
 * the size of their shares alone, then pairs. Shares never add up to more than 1.
 *
 * @param means The mean of each configuration.
 * @param within The variance of the runs of each configuration.
 * @param runs The number of runs of each configuration.
 */
export function sharesOf(
  factors: readonly Factor[],
  means: ArrayLike<number>,
  within: ArrayLike<number>,
  runs: ArrayLike<number>,
): Shares {
  const count = means.length;
  let [mean, noise] = [0, 0];
  for (let i = 0; i < count; i++) {
    mean += means[i]! / count;
    noise += within[i]! / count;
  }
  const values = Float64Array.from(means, (each) => each - mean);
  const between = meanSquare(values);
  const total = between + noise;
  const isComplete = count === factors.reduce((product, { levels }) => product * levels, 1);
  const exact = isComplete && Array.from(runs).every((n) => n === runs[0]);
  // Differences that are rounding errors are none.
  if (!(total > 0) || total <= (mean * 1e-12) ** 2) {
    return { terms: [], higher: 0, noise: 0, exact };
  }
  const alone = factors.map((factor) => explainedBy(factor, values));
  const order = factors.map((_, i) => i).sort((a, b) => alone[b]! - alone[a]! || a - b);
  const paired = order.slice(0, MAX_PAIRED);
  const pairs = paired.flatMap((a, i) => paired.slice(i + 1).map((b) => [a, b]))
    .filter((pair) => product(pair.map((i) => factors[i]!)) > 0);
  const explained = isComplete
    ? completeTerms(factors, order, pairs, alone, values)
    : sequentialTerms(factors, order, pairs, values);
  const terms = explained.map(({ factors, size }) => ({
    factors: [...factors].sort((a, b) => a - b),
    share: Math.max(0, size / total),
  })).sort((a, b) => b.share - a.share);
  const sum = terms.reduce((total, { share }) => total + share, 0);
  return { terms, higher: Math.max(0, between / total - sum), noise: noise / total, exact };
}

interface Term {
  readonly factors: readonly number[];
  readonly size: number;
}

/** Returns the sums of squares of a grid that has every combination once, each divided by its size. */
function completeTerms(
  factors: readonly Factor[],
  order: readonly number[],
  pairs: readonly (readonly number[])[],
  alone: readonly number[],
  values: Float64Array,
): Term[] {
  return [
    ...order.map((i) => ({ factors: [i], size: alone[i]! })),
    ...pairs.map(([a, b]) => ({
      factors: [a!, b!],
      size: explainedBy(joined(factors[a!]!, factors[b!]!), values) - alone[a!]! - alone[b!]!,
    })),
  ];
}

/** Returns what each term explains beyond those before it. */
function sequentialTerms(
  factors: readonly Factor[],
  order: readonly number[],
  pairs: readonly (readonly number[])[],
  values: Float64Array,
): Term[] {
  const model: Factor[] = [];
  const terms: Term[] = [];
  const residual = values.slice();
  let [work, left] = [0, meanSquare(residual)];
  const add = (numbers: readonly number[], factor: Factor): void => {
    model.push(factor);
    work += fit(model, residual);
    const next = meanSquare(residual);
    terms.push({ factors: numbers, size: left - next });
    left = next;
  };
  for (const i of order) add([i], factors[i]!);
  // Of a small part of a grid, a pair with about as many values as configurations would explain anything.
  const isSparse = values.length < product(factors) / 2;
  const joint = pairs.map((pair) => ({
    pair,
    factor: joined(factors[pair[0]!]!, factors[pair[1]!]!),
  }))
    .filter(({ factor }) => !isSparse || factor.levels <= values.length / 2)
    .map((each) => ({ ...each, size: explainedBy(each.factor, residual) }))
    .sort((a, b) => b.size - a.size);
  for (const { pair, factor } of joint) {
    if (work > MAX_WORK) break;
    add(pair, factor);
  }
  return terms;
}

/**
 * Replaces values by what an additive model of factors leaves of them: conjugate gradients for the least squares
 * (CGLS), scaled by the number of configurations of each level. Returns the number of additions.
 */
function fit(model: readonly Factor[], residual: Float64Array): number {
  const counts = model.map((factor) => sums(factor, new Float64Array(residual.length).fill(1)));
  const gradient = (): Float64Array[] => model.map((factor) => sums(factor, residual));
  const scaled = (some: readonly Float64Array[]): Float64Array[] =>
    some.map((each, t) => each.map((value, level) => value / Math.max(1, counts[t]![level]!)));
  const dot = (a: readonly Float64Array[], b: readonly Float64Array[]): number => {
    let sum = 0;
    for (const [t, each] of a.entries()) {
      for (let i = 0; i < each.length; i++) sum += each[i]! * b[t]![i]!;
    }
    return sum;
  };
  const limit = TOLERANCE ** 2 * meanSquare(residual) * residual.length;
  let raw = gradient();
  let preconditioned = scaled(raw);
  let direction = preconditioned;
  let size = dot(raw, preconditioned);
  let steps = 0;
  const step = new Float64Array(residual.length);
  while (steps < MAX_STEPS && size > limit) {
    step.fill(0);
    for (const [t, { of }] of model.entries()) {
      const values = direction[t]!;
      for (let i = 0; i < step.length; i++) step[i]! += values[of[i]!]!;
    }
    const length = meanSquare(step) * step.length;
    if (!(length > 0)) break;
    const alpha = size / length;
    for (let i = 0; i < step.length; i++) residual[i]! -= alpha * step[i]!;
    raw = gradient();
    preconditioned = scaled(raw);
    const next = dot(raw, preconditioned);
    const beta = next / size;
    direction = preconditioned.map((each, t) =>
      each.map((value, i) => value + beta * direction[t]![i]!)
    );
    size = next;
    steps++;
  }
  return (steps + 1) * 2 * model.length * residual.length;
}

/** Returns the factor of the combinations of two, those that there are. */
function joined(a: Factor, b: Factor): Factor {
  const numbers = new Int32Array(a.levels * b.levels);
  const of = new Int32Array(a.of.length);
  let levels = 0;
  for (let i = 0; i < of.length; i++) {
    const key = a.of[i]! * b.levels + b.of[i]!;
    if (numbers[key] === 0) numbers[key] = ++levels;
    of[i] = numbers[key]! - 1;
  }
  return { levels, of };
}

/** Returns the mean square of the means of values by the levels of a factor. */
function explainedBy(factor: Factor, values: Float64Array): number {
  const total = sums(factor, values);
  const counts = new Float64Array(factor.levels);
  for (let i = 0; i < values.length; i++) counts[factor.of[i]!]!++;
  return total.reduce((sum, each, level) => sum + each ** 2 / counts[level]!, 0) / values.length;
}

function sums({ levels, of }: Factor, values: Float64Array): Float64Array {
  const sums = new Float64Array(levels);
  for (let i = 0; i < values.length; i++) sums[of[i]!]! += values[i]!;
  return sums;
}

function meanSquare(values: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! ** 2;
  return values.length === 0 ? 0 : sum / values.length;
}

function product(factors: readonly Factor[]): number {
  return factors.reduce((product, { levels }) => product * levels, 1);
}
