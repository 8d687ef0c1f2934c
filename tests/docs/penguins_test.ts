import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { grid, ks } from "../../examples/penguins/grid.ts";
import { leaveOneOut, parsePenguins, type Point, predict } from "../../examples/penguins/knn.ts";
import { progressLine } from "../../examples/penguins/progress.ts";
import { runtimes } from "../runtimes.ts";

const folder = new URL("../../examples/penguins/", import.meta.url);
const csv = fs.readFileSync(new URL("penguins.csv", folder), "utf8");

const origin = { at: [0, 0] };
const point = (species: string, ...at: number[]): Point => ({ species, at });

test("parsePenguins() drops the penguins without measures and says how many", () => {
  const { penguins, dropped } = parsePenguins(csv);
  assert.equal(penguins.length, 342);
  assert.equal(dropped, 2);
  assert.deepEqual(penguins[0], {
    species: "Adelie",
    bill_length_mm: 39.1,
    bill_depth_mm: 18.7,
    flipper_length_mm: 181,
    body_mass_g: 3750,
  });
});

test("predict() asks the nearest, and each distance has its own", () => {
  const known = [point("straight", 0, 5), point("diagonal", 3.6, 3.4), point("level", 6, 6)];
  assert.equal(predict(1, "euclidean", known, origin), "diagonal"); // 5, 4.95, 8.49
  assert.equal(predict(1, "manhattan", known, origin), "straight"); // 5, 7, 12
  assert.equal(predict(1, "chebyshev", known, origin), "diagonal"); // 5, 3.6, 6
  assert.equal(predict(1, "cosine", known, { at: [1, 1] }), "level"); // 45, 1.6, 0 degrees apart
});

test("predict() goes by the most votes", () => {
  const known = [point("one", 1, 0), point("two", 2, 0), point("two", 3, 0), point("one", 9, 9)];
  assert.equal(predict(1, "euclidean", known, origin), "one");
  assert.equal(predict(3, "euclidean", known, origin), "two");
});

test("predict() breaks a tie of votes by the nearest, and of distances by the order", () => {
  const votes = [point("far", 2, 0), point("near", 1, 0)];
  assert.equal(predict(2, "euclidean", votes, origin), "near");
  const distances = [point("first", 0, 1), point("second", 1, 0)];
  assert.equal(predict(1, "euclidean", distances, origin), "first");
  assert.equal(predict(2, "euclidean", distances, origin), "first");
});

// Counted with scikit-learn, for instance the first of them:
//   model = make_pipeline(StandardScaler(), KNeighborsClassifier(5, metric="euclidean"))
//   cross_val_score(model, X, y, cv=LeaveOneOut()).sum()
// with X the measures of the 342 rows without NA. The last is a NumPy script's with scipy's cdist.
const known = [
  { k: 5, distance: "euclidean", features: "all", scaling: "standard", correct: 337 },
  { k: 9, distance: "manhattan", features: "bill", scaling: "raw", correct: 326 },
  { k: 1, distance: "manhattan", features: "all", scaling: "minmax", correct: 334 },
  { k: 15, distance: "chebyshev", features: "lengths", scaling: "standard", correct: 335 },
  { k: 31, distance: "cosine", features: "all", scaling: "minmax", correct: 342 },
] as const;

test("leaveOneOut() gives the accuracy that scikit-learn and NumPy give", () => {
  const { penguins } = parsePenguins(csv);
  for (const { correct, ...model } of known) {
    assert.deepEqual(leaveOneOut(model, penguins), {
      accuracy: correct / 342,
      correct,
      tested: 342,
    });
  }
});

test("grid() gives each of a few hundred models once", () => {
  const texts = [...grid(ks)].map((model) => JSON.stringify(model));
  assert.equal(texts.length, 240);
  assert.equal(new Set(texts).size, 240);
});

test("progressLine() fits a terminal of any width", () => {
  const progress = { total: 576, before: 100, done: 324, ran: 112, elapsed: 5000 };
  assert.equal(
    progressLine(progress, 77),
    "[###########..........] 324 of 576  112 run here, 212 skipped  45/s  6 s left",
  );
  assert.equal(progressLine(progress, 37), "[####....] 324 of 576  45/s  6 s left");
  for (let width = 0; width < 200; width++) assert(progressLine(progress, width).length <= width);
});

const runtime = runtimes.find(({ command }) => command === process.execPath);

test("two demos at once share the grid, and a third has nothing to run", {
  skip: runtime ? false : "this runtime is older than stet needs",
  timeout: 60_000,
}, async () => {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "stet-penguins-"));
  const store = path.join(scratch, "new", "runs.csv");
  const demo = fileURLToPath(new URL("demo.ts", folder));
  const start = async (): Promise<string> => {
    const { command, args } = runtime!;
    const child = spawn(command, [...args, demo, "--store", store, "--k", "1"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    return await text(child.stdout);
  };
  try {
    const outputs = await Promise.all([start(), start()]);
    const ran = outputs.map((output) => Number(/Done: (\d+) run here/.exec(output)?.[1]));
    assert.equal(ran[0]! + ran[1]!, 48, outputs.join("\n"));
    for (const output of outputs) assert.match(output, /All again: 0 run, 48 skipped/);

    const lines = fs.readFileSync(store, "utf8").trimEnd().split("\n");
    assert.equal(lines.length, 1 + 48);
    const keys = lines.map((line) => line.split(",").slice(0, 4).join());
    assert.equal(new Set(keys).size, 1 + 48);

    const third = await start();
    assert.match(third, /Resuming: 48 of 48 are done\./);
    assert.match(third, /Done: 0 run here .*, 48 done before\./);
    assert.deepEqual(fs.readdirSync(path.dirname(store)).sort(), ["runs.csv", "runs.csv-plan"]);
  } finally {
    fs.rmSync(scratch, { recursive: true });
  }
});
