import { Buffer } from "node:buffer";
import fs from "node:fs";
import path from "node:path";
import { openBackend } from "../mod.ts";

/** The params of the sample sweep: three columns, about 43 bytes a row in CSV. */
export type Params = {
  readonly alpha: number;
  readonly seed: number;
  readonly model: string;
};

const models = ["linear", "forest", "lasso", "ridge", "boosted"];
const timestamp = "2026-11-21T14:22:01.123Z";
const header = "alpha,seed,model,_stet_timestamp\n";

/** The params of row `i`; no two are equal. */
export function paramsAt(i: number): Params {
  return {
    alpha: (i % 99 + 1) / 100,
    seed: 1000 + Math.floor(i / 495),
    model: models[Math.floor(i / 99) % 5]!,
  };
}

/** Row `i` as its line of CSV. */
export function lineAt(i: number): string {
  const { alpha, seed, model } = paramsAt(i);
  return `${alpha},${seed},${model},${timestamp}\n`;
}

/** The bytes of the lines that follow on `rows` rows, to be written over and over. */
export function linesAfter(rows: number): readonly Uint8Array[] {
  return Array.from({ length: 1024 }, (_, i) => Buffer.from(lineAt(rows + i)));
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

/** Writes a new store of `rows` rows, as text; gives its path. */
export function makeStore(folder: string, rows: number): string {
  const store = path.join(fs.mkdtempSync(path.join(folder, `${rows}-`)), "runs.csv");
  const fd = fs.openSync(store, "wx");
  try {
    let text = header;
    for (let i = 0; i < rows; i++) {
      text += lineAt(i);
      if (text.length < 1 << 20 && i < rows - 1) continue;
      fs.writeSync(fd, text);
      text = "";
    }
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
  return store;
}

/** Removes a store and all that stands beside it. */
export function removeStore(store: string): void {
  fs.rmSync(path.dirname(store), { recursive: true });
}

/** Checks that `makeStore` writes what stet writes. */
export async function checkSample(folder: string): Promise<void> {
  const made = makeStore(folder, 1000);
  const recorded = path.join(path.dirname(made), "recorded.csv");
  const backend = await openBackend(recorded, { durability: "process" });
  for (let i = 0; i < 1000; i++) {
    await backend.record({ ...paramsAt(i), _stet_timestamp: timestamp });
  }
  await backend.close();
  if (!fs.readFileSync(made).equals(fs.readFileSync(recorded))) {
    throw new Error(`Cannot measure: stet writes the sample store differently than ${made} is`);
  }
  removeStore(made);
}
