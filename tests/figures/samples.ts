import fs from "node:fs";
import path from "node:path";
import { engineOf } from "../../core/contract/adapted_backend.ts";
import type { Failure } from "../../core/contract/backend.ts";
import { keyOf, keyShape } from "../../core/keys/key.ts";
import { openBackend } from "../../mod.ts";
import type { Row } from "../../core/values/value.ts";

/** A sample store: its rows, and its failures. The same each time. */
export interface Sample {
  readonly rows: readonly Row[];
  readonly failures: readonly Failure[];
}

/** The time at which the first run of each sample ended. */
const START = Date.UTC(2026, 10, 28, 22);

/** Returns a source of numbers from 0 to 1 (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Returns a source of normally distributed numbers (Box-Muller). */
export function normalOf(random: () => number): () => number {
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Adds times to runs: one ends every few seconds. */
function timed(row: Row, i: number, took: number, interval: number): Row {
  return {
    ...row,
    _stet_elapsed: Number(took.toFixed(3)),
    _stet_timestamp: new Date(START + Math.round(i * interval * 1000)).toISOString(),
  };
}

function failureOf(params: Row, error: string, i: number, interval: number): Failure {
  return {
    params,
    error,
    stack: `${error}\n  File "/home/me/train.py", line 88, in <module>\n    main()`,
    attempt: 1,
    time: new Date(START + Math.round(i * interval * 1000)).toISOString(),
    host: "gpu-03",
  };
}

/** Returns combinations of values; the last name changes fastest. */
function product(axes: { readonly [name: string]: readonly Row[string][] }): Row[] {
  return Object.entries(axes).reduce<Row[]>(
    (rows, [name, values]) =>
      rows.flatMap((row) => values.map((value) => ({ ...row, [name]: value }))),
    [{}],
  );
}

/** The demo of the README: ways to tell penguins apart. No replicates, one metric. */
export function demoSample(): Sample {
  const random = randomOf(1);
  const grid = product({
    k: [1, 3, 5, 9, 15, 25],
    distance: ["euclid", "manhattan", "cosine"],
    features: ["bill", "body", "all"],
    scaling: ["none", "zscore", "minmax"],
  });
  return {
    rows: grid.map((params, i) => {
      const base = params["features"] === "all" ? 0.95 : params["features"] === "bill" ? 0.9 : 0.75;
      const scaled = params["scaling"] === "none" && params["features"] !== "bill" ? -0.15 : 0;
      const accuracy = base + scaled - Number(params["k"]) / 500 + (random() - 0.5) / 50;
      return timed(
        { ...params, "result.accuracy": Number(accuracy.toFixed(4)) },
        i,
        0.3 + random(),
        0.4,
      );
    }),
    failures: [],
  };
}

/** 5,000 runs of lr × batch × seed, of which 430 fail: most at lr = 1, some of memory at batch 4096. */
export function trainSample(): Sample {
  const random = randomOf(7);
  const normal = normalOf(random);
  const lrs = Array.from({ length: 10 }, (_, i) => Number((10 ** (-4 + 4 * i / 9)).toPrecision(4)));
  const batches = Array.from({ length: 10 }, (_, i) => 8 * 2 ** i);
  const grid = product({ lr: lrs, batch: batches, seed: Array.from({ length: 50 }, (_, i) => i) });
  const rows: Row[] = [];
  const failures: Failure[] = [];
  const interval = 3.3;
  for (const [i, params] of grid.entries()) {
    const { lr, batch, seed } = params as { lr: number; batch: number; seed: number };
    const [a, b] = [lrs.indexOf(lr), batches.indexOf(batch)];
    const took = (80 / (b + 2)) * (0.8 + 0.4 * random());
    if (batch === 4096 && a < 5 && seed % 25 === 0) {
      failures.push(failureOf(
        params,
        "python exited with code 1: torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate " +
          `${(2 + random() * 3).toFixed(2)} GiB (GPU ${seed % 4}; 15.78 GiB total capacity; ` +
          `${
            (11 + random()).toFixed(2)
          } GiB already allocated)\nTraceback (most recent call last):\n  …`,
        i,
        interval,
      ));
      continue;
    }
    const order = seed * 7 % 50;
    if (a === 9 && order < (b < 6 ? 34 : 33) || a === 8 && b > 0 && order < (b < 4 ? 10 : 9)) {
      failures.push(failureOf(
        params,
        `loss is NaN at step ${1 + Math.floor(random() * 400)} (lr=${lr}, batch=${batch})`,
        i,
        interval,
      ));
      continue;
    }
    const best = 4.2 + b / 6;
    const loss = 0.245 + 0.017 * (a - best) ** 2 + 0.0012 * b ** 2 / (1 + a / 3);
    const noisy = loss + 0.02 * normal();
    rows.push(timed(
      {
        ...params,
        "result.loss": Number(noisy.toFixed(5)),
        "result.accuracy": Number(Math.min(0.99, 1 - noisy / 2 + 0.005 * normal()).toFixed(5)),
        "result.epochs": 20,
      },
      i,
      took,
      interval,
    ));
  }
  return { rows, failures };
}

const PROMPTS = [
  "{question}",
  "You are a careful assistant. Read the text twice, think about what is really asked, then give the " +
  "shortest answer that is right.\n\nQuestion: {question}\nAnswer:",
  `${"Think step by step. ".repeat(30)}{question}`,
  "Réponds à la question en français, puis donne la réponse en anglais : {question}",
  "أجب عن السؤال التالي بجملة واحدة قصيرة ثم اذكر السبب: {question}",
  "以下の質問に一言で答えてください 🐧🇯🇵: {question}",
];

/** Evaluations: prompt × model × question × seed with long, unicode and right-to-left texts. */
export function evalsSample(): Sample {
  const random = randomOf(3);
  const models = [
    "claude-sonnet-4",
    "gpt-4o-mini-2026-07-18",
    "llama-3-8b",
    "mistral-large-2407",
    "نموذج-تجريبي",
  ];
  const questions = [
    "capital-of-france",
    "17 × 23",
    "who wrote «Faust»?",
    "次の素数",
    "مرحبا",
    "units",
  ];
  const grid = product({ model: models, prompt: PROMPTS, question: questions, seed: [0, 1, 2] });
  const answers = [
    "Paris.",
    "The capital of France is **Paris**.\nIt has been since 987.\n\n```\nParis\n```",
    "391",
    "باريس هي عاصمة فرنسا.",
    "パリです。フランスの首都は、パリです。",
    `<b>Paris</b> & "others" — ${"very ".repeat(200)}long`,
  ];
  return {
    rows: grid.map((params, i) => {
      const skill = [0.9, 0.88, 0.5, 0.75, 0.74][models.indexOf(String(params["model"]))]!;
      const help = [0, 0.04, 0.02, 0.03, -0.15, -0.05][PROMPTS.indexOf(String(params["prompt"]))]!;
      const correct = random() < skill + help;
      return timed(
        {
          ...params,
          "result.correct": correct,
          "result.output": `${answers[(i * 7 + Math.floor(random() * 6)) % 6]!}`,
          "result.cost_usd": Number((0.001 + 0.01 * skill * random()).toFixed(6)),
          "result.tokens": Math.floor(20 + 400 * random()),
        },
        i,
        1 + random(),
        0.17,
      );
    }),
    failures: [],
  };
}

/** 60 metrics by two params. */
export function metricsSample(): Sample {
  const random = randomOf(5);
  return {
    rows: product({ depth: [2, 4, 6, 8], rate: [0.1, 0.3, 1], seed: [1, 2, 3] }).map(
      (params, i) => {
        const row: Row = { ...params };
        for (let m = 0; m < 60; m++) {
          row[`result.layer${String(m).padStart(2, "0")}.${m % 2 ? "loss" : "accuracy"}`] = Number(
            (Math.sin(m + Number(params["depth"])) + random()).toFixed(4),
          );
        }
        return timed(row, i, random(), 1);
      },
    ),
    failures: [],
  };
}

/** Three functions that share a store, each with params of its own. */
export function namespacesSample(): Sample {
  const random = randomOf(6);
  const rows = [
    ...product({ n: [1, 2, 3, 4, 5, 6], seed: [1, 2] }).map((params) => ({
      ...params,
      _stet_namespace: "make_data",
      "result.rows": 100 * Number(params["n"]),
    })),
    ...product({ alpha: [0.1, 0.2, 0.5], model: ["ridge", "lasso"], seed: [1, 2, 3] }).map((
      params,
    ) => ({
      ...params,
      _stet_namespace: "train",
      "result.loss": Number((Number(params["alpha"]) + random() / 10).toFixed(4)),
    })),
    ...product({ model: ["ridge", "lasso"] }).map((params) => ({
      ...params,
      _stet_namespace: "report",
      result: "done",
    })),
  ];
  return { rows: rows.map((row, i) => timed(row, i, random(), 2)), failures: [] };
}

/** Arrays and objects as params. */
export function arraysSample(): Sample {
  const random = randomOf(8);
  const grid = product({
    layers: [[64], [64, 64], [128, 64, 32], []],
    optimizer: [{ name: "adam", lr: 0.001 }, { name: "sgd", lr: 0.1, momentum: 0.9 }],
    dropout: [null, 0, 0.5],
    seed: [1, 2, 3, 4],
  });
  return {
    rows: grid.map((params, i) => {
      const layers = (params["layers"] as readonly number[]).length;
      const loss = 1 / (1 + layers) + (params["dropout"] === 0.5 ? 0.1 : 0) + random() / 20;
      return timed({ ...params, "result.loss": Number(loss.toFixed(4)) }, i, 1 + layers, 5);
    }),
    failures: [],
  };
}

/** NaN and infinite results, names and values of HTML, empty texts, integers beyond doubles. */
export function oddSample(): Sample {
  const random = randomOf(9);
  const grid = product({
    '<img src=x onerror="alert(1)">': ["<script>alert(2)</script>", "a & b", "", "'q'", '"d"'],
    "a b": [1, 2n ** 60n, Infinity, NaN],
    seed: [1, 2],
  });
  return {
    rows: grid.map((params, i) =>
      timed(
        {
          ...params,
          "result.<b>loss</b>": [NaN, Infinity, -Infinity, random(), random()][i % 5]!,
          "result.ok": i % 3 === 0,
          "result.note": "</script><!-- ",
        },
        i,
        random(),
        1,
      )
    ),
    failures: [failureOf({ "a b": 1, seed: 3 }, "<b>bold</b> failed & 'burned'", 41, 1)],
  };
}

/** One run. */
export function oneRowSample(): Sample {
  return {
    rows: [
      timed({ lr: 0.1, batch: 32, "result.loss": 0.25, "result.note": "converged" }, 0, 12.5, 1),
    ],
    failures: [],
  };
}

/** One param, with three seeds for each value. */
export function oneParamSample(): Sample {
  const random = randomOf(10);
  return {
    rows: product({ alpha: Array.from({ length: 20 }, (_, i) => (i + 1) / 20), seed: [1, 2, 3] })
      .map((params, i) =>
        timed(
          {
            ...params,
            "result.loss": Number(
              ((Number(params["alpha"]) - 0.4) ** 2 + random() / 20).toFixed(4),
            ),
          },
          i,
          1 + random(),
          2,
        )
      ),
    failures: [],
  };
}

/** Runs that all failed. */
export function allFailedSample(): Sample {
  return {
    rows: [],
    failures: product({ lr: [0.1, 1], seed: [1, 2, 3, 4, 5, 6] }).map((params, i) =>
      failureOf(
        params,
        `python3 exited with code 1: ModuleNotFoundError: No module named 'torch'`,
        i,
        2,
      )
    ),
  };
}

/** Random search: no two runs have the same number, nothing repeats. */
export function searchSample(count = 300): Sample {
  const random = randomOf(11);
  return {
    rows: Array.from({ length: count }, (_, i) => {
      const lr = Number((10 ** (-4 + 4 * random())).toPrecision(6));
      const width = Math.floor(16 + 500 * random());
      const loss = (Math.log10(lr) + 2.2) ** 2 + width / 2000 + random() / 5;
      return timed(
        { lr, width, act: ["relu", "gelu"][i % 2]!, "result.loss": loss },
        i,
        width / 50,
        9,
      );
    }),
    failures: [],
  };
}

/** A grid that is half done: the last combinations have not run. */
export function halfSample(): Sample {
  const { rows, failures } = trainSample();
  const isDone = ({ _stet_timestamp: time }: Row): boolean =>
    Date.parse(String(time)) < START + 2150 * 3300;
  return {
    rows: rows.filter(isDone),
    failures: failures.filter(({ time }) => Date.parse(time) < START + 2150 * 3300),
  };
}

/** All samples of moderate size, by name. */
export const samples: Readonly<Record<string, () => Sample>> = {
  demo: demoSample,
  train: trainSample,
  half: halfSample,
  evals: evalsSample,
  metrics: metricsSample,
  namespaces: namespacesSample,
  arrays: arraysSample,
  odd: oddSample,
  oneRow: oneRowSample,
  oneParam: oneParamSample,
  allFailed: allFailedSample,
  search: searchSample,
  empty: () => ({ rows: [], failures: [] }),
};

/** Returns the rows of a large sample: lr × batch × model × depth × seed, four results. */
export function* largeRows(count: number): Generator<Row> {
  const random = randomOf(13);
  const models = ["mlp", "cnn", "rnn", "mixer", "vit"];
  for (let i = 0; i < count; i++) {
    const [a, b, c, d] = [
      i % 12,
      Math.floor(i / 12) % 10,
      Math.floor(i / 120) % 5,
      Math.floor(i / 600) % 20,
    ];
    const loss = 0.2 + 0.02 * (a - 6) ** 2 + 0.003 * b * b + 0.05 * c + 0.01 * Math.abs(d - 9) +
      0.1 * random();
    yield timed(
      {
        lr: Number((10 ** (-4 + a / 3)).toPrecision(4)),
        batch: 8 * 2 ** b,
        model: models[c]!,
        depth: d + 1,
        seed: Math.floor(i / 12_000),
        "result.loss": loss,
        "result.accuracy": 1 - loss / 3 + 0.01 * random(),
        "result.latency_ms": 5 + d + 3 * random(),
        "result.steps": 1000 + Math.floor(9000 * random()),
      },
      i,
      1 + 5 * random(),
      0.1,
    );
  }
}

/**
 * Writes a sample as a store, with its failures, which are of the present time; returns its path. An empty
 * sample is no file.
 */
export async function writeSample(
  folder: string,
  { rows, failures }: Sample,
  name = "runs.csv",
): Promise<string> {
  const store = path.join(folder, name);
  const backend = engineOf(await openBackend(store, { durability: "process" }));
  try {
    if (rows.length > 0) await backend.recordAll(rows);
    for (const { params, error, stack } of failures) {
      const answer = await backend.claim(keyOf(keyShape(undefined), params));
      if (answer.state === "claimed") await answer.claim.fail({ error, stack });
    }
  } finally {
    await backend.close();
  }
  return store;
}

/** Writes a store that has a header and no rows. */
export function writeHeaderOnly(folder: string): string {
  const store = path.join(folder, "runs.csv");
  fs.writeFileSync(store, "lr,batch,seed,result.loss,_stet_elapsed,_stet_timestamp\n");
  return store;
}
