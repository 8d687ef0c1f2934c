import assert from "node:assert/strict";
import { test } from "node:test";
import { viewOf } from "../../../figures/data/view_of.ts";
import { samples, trainSample } from "../samples.ts";

test("viewOf() gives the figures of every sample", () => {
  for (const [name, make] of Object.entries(samples)) {
    const { rows, failures } = make();
    const view = viewOf(rows, {}, { failures });
    if (name !== "namespaces") assert.equal(view.rows, rows.length, name);
    assert.equal(view.progress.failed, failures.length, name);
    const shares = (view.matters?.shares ?? []).reduce((sum, { share }) => sum + share, 0) +
      (view.matters?.higher ?? 0) + (view.matters?.noise ?? 0);
    assert(shares <= 1 + 1e-9, `${name}: ${shares}`);
  }
});

test("viewOf() names the best configuration by mean, and the lucky run", () => {
  const { rows, failures } = trainSample();
  assert.deepEqual([rows.length, failures.length], [4570, 430]);
  const { best, failures: groups, choices } = viewOf(rows, {}, { failures });
  assert.equal(choices.metric?.label, "loss");
  assert.deepEqual(choices.over, ["seed"]);
  assert.equal(best!.configurations, 100);
  assert.equal(best!.rows[0]!.n, 50);
  assert.deepEqual(
    groups.map(({ count, concentrated }) => [count, concentrated[0]!.name, concentrated[0]!.value]),
    [[420, "lr", "1"], [10, "batch", "4096"]],
  );
});
