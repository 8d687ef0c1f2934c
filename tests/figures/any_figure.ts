import fc from "fast-check";
import type {
  Best,
  Configurations,
  Effect,
  Heat,
  Matters,
  OverTime,
  ViewAxis,
} from "../../figures/view.ts";

/** Any data of figures: names and values of any characters, numbers of any size, absent ones. */

const name = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.string({ unit: "grapheme", maxLength: 200 }),
  fc.constantFrom(
    "<img src=x onerror=alert(1)>",
    "]]>\u0000\u0008\u001b[31m\ufffe\uffff",
    "\ud800lone\udc00",
    "\u202eright to left\u202c עברית",
    "-".repeat(5000),
    "",
  ),
);
const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer({ min: -1000, max: 1000 }),
  fc.double({ min: 0, max: 1, noNaN: true }),
);
/** A mean need not be finite: sums of large numbers are not. */
const mean = fc.oneof(
  { weight: 9, arbitrary: number },
  { weight: 1, arbitrary: fc.constantFrom(NaN, Infinity, -Infinity) },
);
const optional = fc.option(mean, { nil: null });
const count = fc.nat({ max: 100_000 });

const part = fc.record({ label: name, where: fc.option(name, { nil: null }) });

export const anyAxis: fc.Arbitrary<ViewAxis> = fc.oneof(
  fc.record({
    name,
    label: name,
    kind: fc.constantFrom("texts" as const, "ranges" as const),
    log: fc.constant(false),
    parts: fc.array(part, { maxLength: 8 }),
    left_out: fc.constant({ values: 0, rows: 0 }),
  }),
  fc.record({
    name,
    label: name,
    kind: fc.constant("numbers" as const),
    log: fc.boolean(),
    parts: fc.array(number, { maxLength: 50 }).map((numbers) =>
      numbers.map((number) => ({ label: String(number), where: null, number }))
    ),
    left_out: fc.constant({ values: 0, rows: 0 }),
  }),
);

/** Returns an array with an entry for each of so many. */
function each<T>(size: number, one: fc.Arbitrary<T>): fc.Arbitrary<T[]> {
  return fc.array(one, { minLength: size, maxLength: size });
}

export const anyHeat: fc.Arbitrary<Heat> = fc.record({
  x: anyAxis,
  y: fc.option(anyAxis, { nil: null }),
  z: fc.option(anyAxis, { nil: null }),
  size: fc.nat({ max: 60 }),
}).chain(({ x, y, z, size }) => {
  const along = (axis: ViewAxis | null): fc.Arbitrary<number[]> =>
    each(size, fc.nat({ max: Math.max((axis?.parts.length ?? 1) - 1, 0) }));
  return fc.record({
    x: fc.constant(x),
    y: fc.constant(y),
    z: fc.constant(z),
    agg: fc.constantFrom("mean" as const, "n" as const, "took" as const, "done" as const),
    lower: fc.constantFrom(true, false, null),
    cells: fc.record({
      x: along(x),
      y: along(y),
      z: along(z),
      value: each(size, optional),
      n: each(size, count),
      failed: each(size, fc.nat({ max: 2 })),
      running: each(size, fc.nat({ max: 2 })),
    }),
    best: fc.integer({ min: -1, max: size - 1 }),
  });
});

export const anyBest: fc.Arbitrary<Best> = fc.array(name, { maxLength: 6 }).chain((params) =>
  fc.record({
    params: fc.constant(params),
    rows: fc.array(
      fc.record({
        values: each(params.length, name),
        where: fc.option(name, { nil: null }),
        mean,
        sd: optional,
        least: mean,
        most: mean,
        n: count,
        failed: count,
        planned: fc.option(count, { nil: null }),
        took: fc.option(mean, { nil: null }),
        few: fc.boolean(),
      }),
      { maxLength: 8 },
    ),
    configurations: count,
    ties: fc.integer({ min: 1, max: 20 }),
    luck: fc.constant(null),
  })
);

const share = fc.double({ min: 0, max: 1, noNaN: true });

export const anyMatters: fc.Arbitrary<Matters> = fc.record({
  shares: fc.array(fc.record({ names: fc.array(name, { minLength: 1, maxLength: 2 }), share }), {
    maxLength: 15,
  }),
  higher: share,
  noise: fc.option(share, { nil: null }),
  configurations: count,
  of: count,
  exact: fc.boolean(),
});

export const anyEffect: fc.Arbitrary<Effect> = anyAxis.chain((axis) => {
  const size = axis.parts.length;
  return fc.record({
    axis: fc.constant(axis),
    share: fc.option(share, { nil: null }),
    mean: each(size, optional),
    low: each(size, optional),
    high: each(size, optional),
    best: each(size, optional),
    n: each(size, count),
  });
});

export const anyConfigurations: fc.Arbitrary<Configurations> = fc.record({
  axes: fc.array(anyAxis, { maxLength: 12 }),
  size: fc.nat({ max: 40 }),
}).chain(({ axes, size }) =>
  fc.record({
    axes: fc.constant(axes),
    parts: fc.tuple(
      ...axes.map(({ parts }) => each(size, fc.integer({ min: -1, max: parts.length - 1 }))),
    ),
    mean: each(size, mean),
    other: fc.option(each(size, optional), { nil: null }),
    n: each(size, count),
    total: fc.constant(size),
    front: fc.option(fc.subarray(Array.from({ length: size }, (_, i) => i)), { nil: null }),
    histogram: fc.record({
      least: number,
      most: number,
      counts: fc.array(count, { maxLength: 60 }),
    }),
  })
);

export const anyOverTime: fc.Arbitrary<OverTime> = fc.record({
  start: fc.double({ min: -1e11, max: 1e11, noNaN: true }),
  interval_seconds: fc.constantFrom(0.5, 1, 60, 3600, 86_400),
  done: fc.array(count, { maxLength: 60 }),
  failed: fc.array(count, { maxLength: 60 }),
  best: fc.array(fc.record({ run: fc.integer({ min: 1, max: 100_000 }), value: number }), {
    maxLength: 20,
  }),
});
