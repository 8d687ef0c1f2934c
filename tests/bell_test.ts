import assert from "node:assert/strict";
import { test } from "node:test";
import { Bell } from "../core/runtime/bell.ts";

test("a bell keeps nothing of waiters whose time is over, and wakes all others", async () => {
  const bell = new Bell();
  let woken = 0;
  const patient = [0, 1].map(() => bell.wait().then(() => void woken++));
  await Promise.all(Array.from({ length: 1000 }, () => bell.wait(1)));
  assert.equal(bell.waiting, 2);
  assert.equal(woken, 0);
  bell.ring();
  await Promise.all(patient);
  assert.equal(bell.waiting, 0);
});
