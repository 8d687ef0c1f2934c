/** The params of the sample sweep: three columns, about 43 bytes a row in CSV. */
export type Params = {
  readonly alpha: number;
  readonly seed: number;
  readonly model: string;
};

const models = ["linear", "forest", "lasso", "ridge", "boosted"];

/** Time at which every row of a sample store was recorded. */
export const timestamp = "2026-11-21T14:22:01.123Z";

/** The params of row `i`; no two are equal. */
export function paramsAt(i: number): Params {
  return {
    alpha: (i % 99 + 1) / 100,
    seed: 1000 + Math.floor(i / 495),
    model: models[Math.floor(i / 99) % 5]!,
  };
}

/** The params of `count` rows spread evenly over a store of `rows`, in random order. */
export function someParams(rows: number, count: number): readonly Params[] {
  const some = Array.from(
    { length: Math.min(rows, count) },
    (_, i) => paramsAt(Math.floor(i * Math.max(1, rows / count))),
  );
  for (let i = some.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [some[i], some[j]] = [some[j]!, some[i]!];
  }
  return some;
}
