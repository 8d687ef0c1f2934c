import type { Row } from "../../core/values/value.ts";

/** What the sweep of these tests goes over. */
export const learnRates = [0.001, 0.01, 0.1, 1];
export const optimizers = ["adam", "sgd", "it's <i>"];

/** A loss that looks like one. */
export function lossOf(lr: number, optimizer: string, seed: number): number {
  const ideal = optimizer === "adam" ? -2 : -1;
  const noise = Math.abs(Math.sin(seed * 12.9898 + lr * 78.233) * 43758.5453) % 1;
  return Number((0.2 + 0.1 * (Math.log10(lr) - ideal) ** 2 + 0.05 * noise).toFixed(6));
}

/** The rows of the sweep for some seeds, in the order in which they were run. */
export function sampleRows(seeds: number): Row[] {
  const rows: Row[] = [];
  const start = Date.now() - seeds * 12 * 2000;
  for (let seed = 0; seed < seeds; seed++) {
    for (const lr of learnRates) {
      for (const optimizer of optimizers) {
        if (optimizer === "sgd" && lr === 1) continue; // fails
        const time = new Date(start + rows.length * 2000).toISOString();
        const loss = lossOf(lr, optimizer, seed);
        const elapsed = 1 + rows.length % 17 / 4;
        rows.push({
          seed,
          lr,
          optimizer,
          "result.loss": loss,
          _stet_elapsed: elapsed,
          _stet_timestamp: time,
        });
      }
    }
  }
  return rows;
}
