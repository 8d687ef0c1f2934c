import assert from "node:assert/strict";
import { test } from "node:test";
import { ConditionVariable } from "../../core/runtime/condition_variable.ts";

test("a condition variable forgets waiters after their timeout, and wakes all others", async () => {
  const condition = new ConditionVariable();
  let woken = 0;
  const patient = [0, 1].map(() => condition.wait().then(() => void woken++));
  await Promise.all(Array.from({ length: 1000 }, () => condition.wait(1)));
  assert.equal(condition.waiters, 2);
  assert.equal(woken, 0);
  condition.notifyAll();
  await Promise.all(patient);
  assert.equal(condition.waiters, 0);
});

test("a waiter of a condition variable ends with its signal, also with one aborted before", async () => {
  const condition = new ConditionVariable();
  const abort = new AbortController();
  const waits = condition.wait(undefined, abort.signal);
  abort.abort();
  await waits;
  await condition.wait(undefined, abort.signal);
  assert.equal(condition.waiters, 0);
});
