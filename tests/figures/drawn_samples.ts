import type { Best, Configurations, Effect, Heat, Matters, ViewAxis } from "../../figures/view.ts";

/** Data of figures by hand: a training sweep of 100 configurations, and prompts by models. */

/** Returns an axis of numbers or texts. */
export function axisOf(name: string, values: readonly (number | string)[], log = false): ViewAxis {
  const isNumeric = values.every((it) => typeof it === "number");
  return {
    name,
    label: name,
    kind: isNumeric ? "numbers" : "texts",
    log,
    parts: values.map((value) => ({
      label: String(value),
      where: `${name} = ${JSON.stringify(value)}`,
      ...typeof value === "number" ? { number: value } : {},
    })),
    left_out: { values: 0, rows: 0 },
  };
}

const lrs = Array.from({ length: 10 }, (_, i) => 10 ** (-4 + i * 4 / 9));
const batches = Array.from({ length: 10 }, (_, i) => 8 * 2 ** i);

/** The loss of a configuration: a valley in lr, a slope in batch. */
function lossOf(x: number, y: number): number {
  return 0.25 + 0.016 * (x - 4.3 - y * 0.12) ** 2 + 0.002 * y ** 1.6;
}

export const lr: ViewAxis = axisOf("lr", lrs, true);
export const batch: ViewAxis = axisOf("batch", batches, true);

const pairs = batches.flatMap((_, y) => lrs.map((_, x) => ({ x, y })));
const losses = pairs.map(({ x, y }) => lossOf(x, y));

export const trainHeat: Heat = {
  x: lr,
  y: batch,
  z: null,
  agg: "mean",
  lower: true,
  cells: {
    x: pairs.map(({ x }) => x),
    y: pairs.map(({ y }) => y),
    z: pairs.map(() => 0),
    value: losses.map((it, i) => i === 57 || i === 58 ? null : it),
    n: losses.map((_, i) => i === 57 || i === 58 ? 0 : 50),
    failed: pairs.map(({ x, y }) => x === 9 || y === 9 ? 8 : 0),
    running: losses.map((_, i) => i === 57 || i === 3 ? 2 : 0),
  },
  best: losses.indexOf(Math.min(...losses)),
};

/** Returns a heat map without the values of x and y from some on. */
function part(heat: Heat, x: number, y: number): Heat {
  const kept = heat.cells.x.map((_, i) => i)
    .filter((i) => heat.cells.x[i]! < x && heat.cells.y[i]! < y);
  const only = <T>(all: readonly T[]): T[] => kept.map((i) => all[i]!);
  const { cells } = heat;
  return {
    ...heat,
    x: { ...heat.x, parts: heat.x.parts.slice(0, x) },
    y: { ...heat.y!, parts: heat.y!.parts.slice(0, y) },
    cells: {
      x: only(cells.x),
      y: only(cells.y),
      z: only(cells.z),
      value: only(cells.value).map((it, i) => i === 5 ? null : it),
      n: only(cells.n),
      failed: only(cells.failed).map((it, i) => i === 2 ? 3 : it),
      running: only(cells.running),
    },
    best: 3,
  };
}

/** 4 by 3 cells, with one that has no number, one with failures and one with runs under way. */
export const smallHeat: Heat = part(trainHeat, 4, 3);

const models = [
  "gpt-4o-mini-2026-07-18",
  "claude-sonnet-4",
  "mistral-large-2407",
  "שלום-עולם",
  "模型",
];
const prompts = [
  '"{question}"',
  "You are a careful assistant. Read the text below twice.\nThen answer in one word.",
  "Réponds à la question en français, puis donne la réponse en anglais 🎉",
  "Think step by step. Think step by step. Think step by step. Then answer.",
  "<img src=x onerror=alert(1)> & \u0001 \ud800 done",
  "عربي: أجب عن السؤال بكلمة واحدة فقط",
];

export const model: ViewAxis = axisOf("model", models);
export const prompt: ViewAxis = axisOf("prompt", prompts);

const evalPairs = prompts.flatMap((_, y) => models.map((_, x) => ({ x, y })));
const shares = evalPairs.map(({ x, y }) => 1 - ((x * 7 + y * 5) % 11) / 20);

export const evalsHeat: Heat = {
  x: model,
  y: prompt,
  z: null,
  agg: "mean",
  lower: false,
  cells: {
    x: evalPairs.map(({ x }) => x),
    y: evalPairs.map(({ y }) => y),
    z: evalPairs.map(() => 0),
    value: shares,
    n: evalPairs.map(() => 48),
    failed: evalPairs.map(() => 0),
    running: evalPairs.map(() => 0),
  },
  best: shares.indexOf(Math.max(...shares)),
};

const optimizers = axisOf("optimizer", ["adam", "sgd", "lion", "adafactor with a long name"]);

/** Four maps of 10 by 4 cells. */
export const multiplesHeat: Heat = {
  ...trainHeat,
  y: axisOf("depth", [2, 4, 8, 16]),
  z: optimizers,
  cells: {
    ...trainHeat.cells,
    ...(() => {
      const all = [0, 1, 2, 3].flatMap((z) =>
        [0, 1, 2, 3].flatMap((y) => lrs.map((_, x) => ({ x, y, z })))
      );
      return {
        x: all.map(({ x }) => x),
        y: all.map(({ y }) => y),
        z: all.map(({ z }) => z),
        value: all.map(({ x, y, z }) => lossOf(x, y * 2) + z * 0.05),
        n: all.map(() => 5),
        failed: all.map(({ x, z }) => x === 9 && z === 1 ? 1 : 0),
        running: all.map(() => 0),
      };
    })(),
  },
  best: 4,
};

/** 50 by 50 cells of numbers. */
export const largeHeat: Heat = (() => {
  const values = Array.from({ length: 50 }, (_, i) => i / 7);
  const all = values.flatMap((_, y) => values.map((_, x) => ({ x, y })));
  return {
    x: axisOf("alpha", values),
    y: axisOf("beta", values),
    z: null,
    agg: "mean",
    lower: true,
    cells: {
      x: all.map(({ x }) => x),
      y: all.map(({ y }) => y),
      z: all.map(() => 0),
      value: all.map(({ x, y }) => x > 44 && y > 40 ? null : (x - 20) ** 2 + (y - 30) ** 2),
      n: all.map(() => 1),
      failed: all.map(({ x, y }) => x + y > 90 ? 1 : 0),
      running: all.map(() => 0),
    },
    best: 30 * 50 + 20,
  };
})();

/** Returns best configurations with a spread of the runs of each. */
function bestOf(
  params: readonly string[],
  rows: readonly (readonly [values: readonly string[], mean: number, sd: number | null])[],
  [low, high]: readonly [number, number],
): Best {
  return {
    params,
    rows: rows.map(([values, mean, sd], i) => ({
      values,
      where: values.map((value, p) => `${params[p]} = '${value}'`).join(" and "),
      mean,
      sd,
      least: Math.max(mean - 2.1 * (sd ?? 0), low),
      most: Math.min(mean + 2.6 * (sd ?? 0), high),
      n: i === 3 ? 47 : 50,
      failed: i === 3 ? 3 : 0,
      planned: 50,
      took: 26.2 / (i + 1),
      few: i === rows.length - 1,
    })),
    configurations: 100,
    ties: 2,
    luck: {
      value: low,
      params: [{ name: "lr", value: "0.016681005372000592" }, { name: "batch", value: "256" }],
      replicate: [{ name: "seed", value: "11" }],
      place: 8,
    },
  };
}

export const trainBest: Best = bestOf(["lr", "batch"], [
  [["0.005994842503189409", "16"], 0.24913, 0.0213],
  [["0.005994842503189409", "8"], 0.25012, 0.0191],
  [["0.005994842503189409", "32"], 0.25418, 0.0183],
  [["0.016681005372000592", "128"], 0.25423, 0.0172],
  [["0.016681005372000592", "64"], 0.25471, 0.0211],
  [["0.005994842503189409", "64"], 0.2551, 0.0164],
  [["0.005994842503189409", "128"], 0.25578, 0.0192],
  [["0.016681005372000592", "256"], 0.25581, 0.0188],
], [0.2, 0.33]);

export const evalsBest: Best = bestOf(
  ["model", "prompt"],
  shares.slice(0, 8).map((share, i) => [[models[i % 5]!, prompts[i % 6]!], share, 0.14 + i / 40]),
  [0, 1],
);

export const trainMatters: Matters = {
  shares: [
    { names: ["lr"], share: 0.812 },
    { names: ["batch"], share: 0.0894 },
    { names: ["lr", "batch"], share: 0.0781 },
  ],
  higher: 0,
  noise: 0.0199,
  configurations: 98,
  of: 100,
  exact: false,
};

export const evalsMatters: Matters = {
  shares: [
    { names: ["model"], share: 0.095 },
    { names: ["model", "prompt"], share: 0.018 },
    { names: ["prompt"], share: 0.016 },
    { names: ["a_param_with_a_very_long_name", "another_param_with_a_long_name"], share: 0.0003 },
    ...["a", "b", "c", "d", "e", "f"].map((name) => ({ names: [name], share: 0.0001 })),
  ],
  higher: 0.002,
  noise: 0.87,
  configurations: 30,
  of: 30,
  exact: true,
};

/** Returns the effect of the axis along x or y of a heat map. */
function effectOf(heat: Heat, along: "x" | "y", share: number): Effect {
  const axis = heat[along]!;
  const groups = axis.parts.map((_, at) =>
    heat.cells.value.filter((_, i) => heat.cells[along][i] === at)
      .filter((it) => it !== null).sort((a, b) => a - b)
  );
  const quantile = (values: readonly number[], share: number): number | null =>
    values[Math.round((values.length - 1) * share)] ?? null;
  return {
    axis,
    share,
    mean: groups.map((its) => its.reduce((sum, it) => sum + it, 0) / its.length),
    low: groups.map((its) => quantile(its, 0.1)),
    high: groups.map((its) => quantile(its, 0.9)),
    best: groups.map((its) => quantile(its, heat.lower ? 0 : 1)),
    n: groups.map((its) => its.length),
  };
}

export const trainEffects: readonly Effect[] = [
  effectOf(trainHeat, "x", 0.812),
  effectOf(trainHeat, "y", 0.0894),
];

export const evalsEffects: readonly Effect[] = [
  effectOf(evalsHeat, "x", 0.095),
  effectOf(evalsHeat, "y", 0.016),
];

export const trainConfigurations: Configurations = (() => {
  const other = pairs.map(({ x, y }) => 10 + 30 / (y + 1) + (x * 13 + y * 7) % 11);
  const order = losses.map((_, i) => i).sort((a, b) => losses[a]! - losses[b]!);
  const front: number[] = [];
  for (const i of order) {
    if (front.length === 0 || other[i]! < other[front.at(-1)!]!) front.push(i);
  }
  const counts = Array.from({ length: 60 }, (_, i) => Math.round(200 * Math.exp(-i / 9)));
  return {
    axes: [lr, batch, axisOf("model", models)],
    parts: [
      pairs.map(({ x }) => x),
      pairs.map(({ y }) => y),
      pairs.map(({ x, y }) => (x + y) % 5),
    ],
    mean: losses,
    other,
    n: losses.map(() => 50),
    total: 100,
    front,
    histogram: { least: 0.2, most: 0.9, counts },
  };
})();
