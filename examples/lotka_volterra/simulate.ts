/** Foxes and rabbits: https://en.wikipedia.org/wiki/Lotka–Volterra_equations. */
export interface Params {
  /** How fast rabbits multiply, per year. */
  readonly alpha: number;
  /** Rate at which a fox catches a rabbit. */
  readonly beta: number;
  /** How well foxes live of it. */
  readonly delta: number;
  /** How fast foxes die, per year. */
  readonly gamma: number;
  /** The length of a step, in years. */
  readonly dt: number;
}

export interface State {
  readonly year: number;
  readonly rabbits: number;
  readonly foxes: number;
}

/** Forty years from 10 rabbits and 5 foxes, by the classical Runge–Kutta method, one state a step. */
export function* simulate(params: Params, years = 40): Generator<State> {
  let at: Pair = [10, 5];
  const steps = Math.round(years / params.dt);
  for (let step = 0; step <= steps; step++) {
    yield { year: step * params.dt, rabbits: at[0], foxes: at[1] };
    at = next(at, params);
  }
}

type Pair = readonly [rabbits: number, foxes: number];

function next(at: Pair, params: Params): Pair {
  const { dt } = params;
  const k1 = change(at, params);
  const k2 = change(along(at, k1, dt / 2), params);
  const k3 = change(along(at, k2, dt / 2), params);
  const k4 = change(along(at, k3, dt), params);
  return [0, 1].map((i) =>
    at[i]! + dt / 6 * (k1[i]! + 2 * k2[i]! + 2 * k3[i]! + k4[i]!)
  ) as unknown as Pair;
}

function change([rabbits, foxes]: Pair, { alpha, beta, delta, gamma }: Params): Pair {
  return [alpha * rabbits - beta * rabbits * foxes, delta * rabbits * foxes - gamma * foxes];
}

function along(at: Pair, slope: Pair, time: number): Pair {
  return [at[0] + slope[0] * time, at[1] + slope[1] * time];
}
