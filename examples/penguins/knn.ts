/** Measurements of a penguin: columns of penguins.csv. */
export type Measure = "bill_length_mm" | "bill_depth_mm" | "flipper_length_mm" | "body_mass_g";

/** A penguin whose measures are all known. */
export type Penguin = Readonly<{ species: string } & Record<Measure, number>>;

/** Features of a model, by name. */
export const featureSets = {
  bill: ["bill_length_mm", "bill_depth_mm"],
  body: ["flipper_length_mm", "body_mass_g"],
  lengths: ["bill_length_mm", "bill_depth_mm", "flipper_length_mm"],
  all: ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"],
} as const satisfies Record<string, readonly Measure[]>;

/** Distances of two penguins, by name. */
export const distances = {
  euclidean: (a: Vector, b: Vector) => {
    let total = 0;
    for (let i = 0; i < a.length; i++) total += (a[i]! - b[i]!) ** 2;
    return Math.sqrt(total);
  },
  manhattan: (a: Vector, b: Vector) => {
    let total = 0;
    for (let i = 0; i < a.length; i++) total += Math.abs(a[i]! - b[i]!);
    return total;
  },
  chebyshev: (a: Vector, b: Vector) => {
    let most = 0;
    for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i]! - b[i]!));
    return most;
  },
  cosine: (a: Vector, b: Vector) => 1 - dot(a, b) / (Math.sqrt(dot(a, a) * dot(b, b)) || 1),
} as const;

/** How the measures are made comparable, by name: what to subtract, and what to divide by. */
export const scalings = {
  raw: () => ({ offset: 0, unit: 1 }),
  standard: (values: Vector) => {
    const mean = sum(values, (x) => x) / values.length;
    return { offset: mean, unit: Math.sqrt(sum(values, (x) => (x - mean) ** 2) / values.length) };
  },
  minmax: (values: Vector) => {
    const least = Math.min(...values);
    return { offset: least, unit: Math.max(...values) - least };
  },
} as const;

/** Model of a penguin's species: that of the k known penguins most like it. */
export interface Model {
  readonly k: number;
  readonly distance: keyof typeof distances;
  readonly features: keyof typeof featureSets;
  readonly scaling: keyof typeof scalings;
}

/** How well a model did. */
export interface Score {
  readonly accuracy: number;
  readonly correct: number;
  readonly tested: number;
}

/** A penguin as a point: the features of a model, in their order. */
export interface Point {
  readonly species: string;
  readonly at: Vector;
}

type Vector = readonly number[];

/** The penguins of the file's text, and how many were dropped because a measure is missing (`NA`). */
export function parsePenguins(csv: string): { penguins: Penguin[]; dropped: number } {
  const [header, ...lines] = csv.trim().split(/\r?\n/).map((line) => line.split(","));
  const cell = (line: string[], name: string): string => line[header!.indexOf(name)] ?? "NA";
  const whole = lines.filter((line) => featureSets.all.every((name) => cell(line, name) !== "NA"));
  const penguins = whole.map((line) => ({
    species: cell(line, "species"),
    bill_length_mm: Number(cell(line, "bill_length_mm")),
    bill_depth_mm: Number(cell(line, "bill_depth_mm")),
    flipper_length_mm: Number(cell(line, "flipper_length_mm")),
    body_mass_g: Number(cell(line, "body_mass_g")),
  }));
  return { penguins, dropped: lines.length - whole.length };
}

/**
 * Returns the leave-one-out accuracy of a model: the species of each penguin is predicted from all the others. The
 * scaling is fitted to the others too, so that the model has seen nothing of the predicted one.
 */
export function leaveOneOut(
  { k, distance, features, scaling }: Model,
  penguins: readonly Penguin[],
): Score {
  const points = penguins.map((penguin): Point => ({
    species: penguin.species,
    at: featureSets[features].map((name) => penguin[name]),
  }));
  const isCorrect = points.filter((asked, i) => {
    const others = points.toSpliced(i, 1);
    const scale = scaler(scaling, others);
    return predict(k, distance, others.map(scale), scale(asked)) === asked.species;
  });
  const correct = isCorrect.length;
  return { accuracy: correct / points.length, correct, tested: points.length };
}

/**
 * The species that most of the k nearest points have. Of points equally far, those that come first
 * are nearest; of species with as many votes, the one that has the nearest point wins.
 */
export function predict(
  k: number,
  distance: Model["distance"],
  known: readonly Point[],
  { at }: Pick<Point, "at">,
): string | undefined {
  const nearest: { readonly species: string; readonly away: number }[] = [];
  for (const point of known) {
    const away = distances[distance](point.at, at);
    if (nearest.length === k && away >= nearest[k - 1]!.away) continue;
    const place = nearest.findIndex((other) => other.away > away);
    nearest.splice(place === -1 ? nearest.length : place, 0, { species: point.species, away });
    if (nearest.length > k) nearest.pop();
  }
  const votes = new Map<string, number>();
  for (const { species } of nearest) votes.set(species, (votes.get(species) ?? 0) + 1);
  const most = Math.max(...votes.values());
  return nearest.find(({ species }) => votes.get(species) === most)?.species;
}

/** Returns a function that scales points by the given ones; a feature that never varies is left as it is. */
function scaler(scaling: Model["scaling"], points: readonly Point[]): (point: Point) => Point {
  const scales = points[0]!.at.map((_, i) => scalings[scaling](points.map(({ at }) => at[i]!)));
  return ({ species, at }) => {
    const scaled = [...at];
    for (let i = 0; i < at.length; i++) {
      const { offset, unit } = scales[i]!;
      scaled[i] = (at[i]! - offset) / (unit || 1);
    }
    return { species, at: scaled };
  };
}

function dot(a: Vector, b: Vector): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += a[i]! * b[i]!;
  return total;
}

function sum(values: Vector, term: (x: number) => number): number {
  let total = 0;
  for (const value of values) total += term(value);
  return total;
}
