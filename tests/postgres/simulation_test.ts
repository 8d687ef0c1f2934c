import assert from "node:assert/strict";
import { test } from "node:test";
import { simulate, type SimulationOptions } from "../../bench/simulation/simulation.ts";
import { rounds } from "../rounds.ts";

const timeout = 300_000;

/** Workers that fail often, with few keys. */
const options: SimulationOptions = {
  ...{ seed: 1, workers: 20, keys: 1000, jobKeys: 10, faultsPerHour: 12, restartsPerHour: 40 },
};

for (const claims of ["session", "lease"] as const) {
  test(
    `claims=${claims}: 20 simulated workers record 1,000 keys once each while they are killed, cut off and blocked`,
    { timeout },
    async (t) => {
      for (let seed = 1; seed <= 2 * rounds(1); seed++) {
        const report = await simulate({ ...options, seed, claims });
        t.diagnostic(`seed ${seed}: ${JSON.stringify(report.repeats)}`);
        assert.deepEqual(report.violations, [], `seed ${seed}`);
        assert.equal(report.recorded, options.keys);
        const { killed, cut, blocked, unexplained } = report.repeats;
        assert.equal(unexplained, 0);
        assert.equal(report.executions, options.keys + killed + cut + blocked);
        assert(killed > 0 && cut > 0, "faults happened");
      }
    },
  );
}

test("a simulation without faults executes each key once", { timeout }, async () => {
  const report = await simulate({ ...options, faultsPerHour: 0, restartsPerHour: 0 });
  assert.deepEqual(report.violations, []);
  assert.equal(report.executions, options.keys);
  assert.equal(report.lateRecords, 0);
});

test("a simulation is the same again with the same seed", { timeout }, async () => {
  const few = { ...options, keys: 200 };
  assert.deepEqual(await simulate(few), await simulate(few));
});
