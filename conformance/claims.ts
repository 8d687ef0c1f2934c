import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { Claim, ClaimOptions } from "../core/contract/backend.ts";
import type { Engine } from "../core/contract/engine.ts";
import { LostClaimError } from "../core/errors.ts";
import { type Key, keyOf, keyShape } from "../core/keys/key.ts";
import type { Row, Value } from "../core/values/value.ts";
import { paramsText } from "../core/values/value_text.ts";
import { type Case, withHandle, withOneOrTwoHandles, withTwoHandles } from "./case.ts";
import { claimed } from "./claimed.ts";
import { paramsIn } from "./params_in.ts";

const shape = keyShape(["alpha", "seed"]);
const key = keyOf(shape, { alpha: 1, seed: 1 });
const note = { error: "out of memory", stack: "Error: out of memory\n    at train (train.ts:1:1)" };

async function isBusy(handle: Engine, key: Key): Promise<void> {
  const answer = await handle.claim(key);
  assert.equal(answer.state, "busy", `claim(${paramsText(key.values)})`);
  if (answer.state === "busy") assert.notEqual(answer.holder, "", "the holder has a name");
}

async function isDone(handle: Engine, key: Key): Promise<void> {
  assert.equal((await handle.claim(key)).state, "done", `claim(${paramsText(key.values)})`);
}

/** Ends a claim with a row; true if it is a lease that was lost. */
async function record(claim: Claim, row: Row): Promise<boolean> {
  try {
    await claim.record(row);
    return false;
  } catch (error) {
    if (error instanceof LostClaimError) return true;
    throw error;
  }
}

/** Claims and failures: of one handle, between two, and when a handle ends. */
export const claims: readonly Case[] = [
  ...withOneOrTwoHandles({
    async "a key is busy while it is claimed, and no other is"(one, other) {
      const claim = await claimed(one, key);
      for (const handle of [other, one]) await isBusy(handle, key);
      await isBusy(other, keyOf(keyShape(undefined), { seed: 1, alpha: 1 }));
      const others = [{ alpha: 1, seed: 2 }, { alpha: 1 }, { alpha: "1", seed: 1 }];
      for (const params of others) await claimed(other, keyOf(shape, params));
      assert.equal(await other.hasKey(key), false);
      await claim.release();
    },
    async "of claims made at the same time one is answered claimed"(one, other) {
      const asked = Array.from({ length: 20 }, async (_, i) => {
        return (await (i % 2 === 0 ? one : other).claim(key)).state;
      });
      const states = await Promise.all(asked);
      assert.deepEqual(states.sort(), [...Array(19).fill("busy"), "claimed"]);
    },
    async "a recorded claim is done, and its row there with its time"(one, other) {
      const claim = await claimed(one, key);
      await claim.record({ alpha: 1, seed: 1, "result.loss": 0.5, _stet_elapsed: 0.25 });
      for (const handle of [other, one]) await isDone(handle, key);
      const { _stet_timestamp: time, ...row } = (await other.find(key))!;
      assert.deepEqual(row, { alpha: 1, seed: 1, "result.loss": 0.5, _stet_elapsed: 0.25 });
      assert.equal(typeof time, "string");
      assert.equal((await other.load()).length, 1);
    },
    async "a row that was recorded without a claim is done"(one, other) {
      await one.record({ alpha: 1, seed: 1, note: "by hand" });
      await isDone(other, key);
      await isDone(
        other,
        keyOf(keyShape(["alpha", "seed", "beta"], { beta: 0 }), { ...key.values }),
      );
      const more = keyOf(keyShape(undefined), { alpha: 1, seed: 1 });
      await (await claimed(other, more)).release();
    },
    async "a released claim leaves the key free, and nothing recorded"(one, other) {
      await (await claimed(one, key)).release();
      const claim = await claimed(other, key);
      await isBusy(one, key);
      await claim.release();
      assert.deepEqual(await other.load(), []);
      assert.deepEqual([...await one.failures()], []);
    },
    async "a claim whose record is refused can be released, and the key claimed again"(one, other) {
      const claim = await claimed(one, key);
      const unfit = { alpha: 1, seed: 1, result: (() => 1) as unknown as Value };
      await assert.rejects(async () => await claim.record(unfit), "no cell holds a function");
      await claim.release();
      assert.deepEqual(await other.load(), []);
      assert.deepEqual([...await one.held()], []);
      await (await claimed(other, key)).record({ alpha: 1, seed: 1 });
      for (const handle of [one, other]) await isDone(handle, key);
    },
    async "claims() names the keys that are held, as long as they are"(one, other) {
      const next = keyOf(shape, { alpha: 1, seed: 2 });
      const claims = [await claimed(one, key), await claimed(one, next)];
      for (const handle of [one, other]) {
        const held = [...await handle.held()];
        assert.deepEqual(held.map(({ key }) => key).sort(), [key.text, next.text].sort());
        for (const { holder } of held) assert.notEqual(holder, "", "the holder has a name");
      }
      await claims[0]!.release();
      await claims[1]!.record(next.values);
      for (const handle of [one, other]) assert.deepEqual([...await handle.held()], []);
    },
    async "the attempts of a failed claim are counted"(one, other) {
      await (await claimed(one, key)).fail({ ...note, attempts: 3 });
      await (await claimed(other, key)).fail({ ...note, attempts: 2 });
      assert.deepEqual((await one.failures()).map(({ attempt }) => attempt), [5]);
    },
    async "a failed claim leaves the key free, and its failure noted until it succeeds"(
      one,
      other,
    ) {
      const params = { alpha: "1", seed: 2n ** 70n };
      const failing = keyOf(shape, params);
      await (await claimed(one, failing)).fail(note);
      const [failure, ...more] = await other.failures();
      assert.ok(failure, "the failure is noted");
      assert.deepEqual(more, []);
      const { time, host, ...rest } = failure;
      assert.deepEqual(rest, { ...note, params, attempt: 1 });
      assert.equal(new Date(time).toISOString(), time);
      assert.equal(typeof host, "string");
      assert.deepEqual(await other.load(), []);

      await (await claimed(other, failing)).fail({ error: "again", stack: "" });
      assert.deepEqual(
        (await one.failures()).map(({ error, attempt }) => [error, attempt]),
        [["again", 2]],
      );
      await (await claimed(other, failing)).record(params);
      assert.deepEqual([...await one.failures()], []);
      await isDone(one, failing);
    },
    async "failures are given oldest first, and a success forgets its own only"(one, other) {
      for (const seed of [3, 1, 2, 3]) {
        await (await claimed(one, keyOf(shape, { seed }))).fail(note);
        await sleep(5); // times are in milliseconds, and timers may be one early
      }
      const seeds = async (): Promise<unknown[]> =>
        (await other.failures()).map(({ params }) => params.seed);
      assert.deepEqual(await seeds(), [1, 2, 3]);
      await (await claimed(other, keyOf(shape, { seed: 2 }))).record({ seed: 2 });
      assert.deepEqual(await seeds(), [1, 3]);
    },
    async "forget() forgets the failures of these params only, and leaves rows and claims alone"(
      one,
      other,
    ) {
      await one.record({ alpha: 1, seed: 2 });
      for (
        const params of [{ alpha: 1, seed: 1 }, { alpha: "1", seed: 1 }, {
          alpha: 1,
          seed: 2n ** 70n,
        }]
      ) {
        await (await claimed(one, keyOf(shape, params))).fail(note);
      }
      await claimed(one, keyOf(shape, { alpha: 9, seed: 9 }));
      assert.equal(await other.forget([{ seed: 1, alpha: 1 }, { alpha: 1, seed: 2n ** 70n }]), 2);
      assert.equal(await other.forget([{ alpha: 1, seed: 2 }, { alpha: 1 }]), 0);
      assert.deepEqual((await one.failures()).map(({ params }) => params), [{
        alpha: "1",
        seed: 1,
      }]);
      assert.equal((await other.load()).length, 1);
      await isBusy(other, keyOf(shape, { alpha: 9, seed: 9 }));
      await claimed(other, key);
    },
    async "a row that does not count as done is replaced, and no other"(one, other) {
      await one.record({ alpha: 1, seed: 2 });
      await one.record({ alpha: 1, seed: 1, note: "old" });
      await one.record({ alpha: 1 });
      const seen: Row[] = [];
      const options: ClaimOptions = {
        isDone(row) {
          seen.push(row);
          return row.result !== undefined;
        },
      };
      const claim = await claimed(other, key, options);
      assert.equal(seen[0]?.note, "old", "isDone() is given the row");
      assert.deepEqual((await paramsIn(other)).length, 3, "it stays until it is replaced");
      await claim.record({ alpha: 1, seed: 1, result: "new" });
      assert.deepEqual(await paramsIn(one), [
        { alpha: 1, seed: 2 },
        { alpha: 1 },
        { alpha: 1, seed: 1, result: "new" },
      ]);
      assert.equal((await one.claim(key, options)).state, "done");
      await isDone(one, key);
    },
    async "a row that does not count as done stays when its claim fails or is released"(
      one,
      other,
    ) {
      await one.record({ alpha: 1, seed: 1 });
      const options: ClaimOptions = { isDone: () => false };
      await (await claimed(other, key, options)).release();
      await (await claimed(one, key, options)).fail(note);
      assert.deepEqual(await paramsIn(other), [{ alpha: 1, seed: 1 }]);
      await isDone(other, key);
    },
    async "what is asked together is done each for itself, and all of it"(one, other) {
      const keys = [1, 2, 1, 3].map((seed) => keyOf(shape, { alpha: 1, seed }));
      await one.record({ alpha: 1, seed: 3 });
      const asked = await one.batch(() => keys.map((key) => one.claim(key)));
      const answers = await Promise.all(asked);
      assert.deepEqual(answers.map(({ state }) => state), ["claimed", "claimed", "busy", "done"]);
      await isBusy(other, keys[0]!);
      const claims = answers.flatMap((answer) => answer.state === "claimed" ? [answer.claim] : []);
      const ended = await one.batch(() => [
        claims[0]!.record({ alpha: 1, seed: 1 }),
        claims[1]!.fail(note),
        one.record({ alpha: 2, seed: 1 }),
      ]);
      await Promise.all(ended);
      await isDone(other, keys[0]!);
      assert.deepEqual((await other.failures()).map(({ params }) => params.seed), [2]);
      assert.deepEqual(await paramsIn(other), [
        { alpha: 1, seed: 3 },
        { alpha: 1, seed: 1 },
        { alpha: 2, seed: 1 },
      ]);
    },
    async "a key that is recorded without a claim while it is held has one row"(one, other) {
      const options: ClaimOptions = { isDone: (row) => row.result !== undefined };
      for (const [seed, isKept] of [[1, false], [2, true]] as const) {
        const params = { alpha: 1, seed };
        const held = await claimed(one, keyOf(shape, params), isKept ? options : {});
        await other.record({ ...params, result: "by hand" });
        const lost = await record(held, { ...params, result: "run" });
        const row = { ...params, result: lost || isKept ? "by hand" : "run" };
        assert.deepEqual((await paramsIn(one)).filter((row) => row.seed === seed), [row]);
      }
    },
    async "clear() forgets failures, and leaves claims"(one, other) {
      await one.record({ alpha: 1, seed: 3 });
      await (await claimed(one, key)).fail(note);
      const held = await claimed(one, keyOf(shape, { alpha: 1, seed: 2 }));
      await other.clear();
      assert.deepEqual([...await one.failures()], []);
      await isBusy(other, keyOf(shape, { alpha: 1, seed: 2 }));
      await held.release();
      await (await claimed(other, key)).release();
    },
    async "a key is free again when its row is removed"(one, other) {
      await (await claimed(one, key)).record({ alpha: 1, seed: 1 });
      assert.equal(await one.remove({ alpha: 1 }), 1);
      await (await claimed(other, key)).record({ alpha: 1, seed: 1 });
      await one.clear();
      await (await claimed(other, key)).release();
    },
    async "runs that claim and record at the same time are each recorded once"(one, other) {
      const runs = Array.from({ length: 60 }, async (_, i) => {
        const params = { alpha: 2, seed: i % 20 };
        const answer = await (i % 2 === 0 ? one : other).claim(keyOf(shape, params));
        if (answer.state !== "claimed") return;
        await sleep(i % 3);
        await answer.claim.record(params);
      });
      await Promise.all(runs);
      const seeds = (await one.load()).map(({ seed }) => Number(seed)).sort((a, b) => a - b);
      assert.deepEqual(seeds, Array.from({ length: 20 }, (_, i) => i));
    },
  }),
  ...withTwoHandles({
    async "close() frees the claims of a handle"(one, other, { open }) {
      await claimed(one, key);
      const kept = await claimed(other, keyOf(shape, { alpha: 2 }));
      await isBusy(other, key);
      await one.close();
      await (await claimed(other, key)).release();
      const third = await open();
      await isBusy(third, keyOf(shape, { alpha: 2 }));
      await kept.release();
    },
  }, "claims"),
  ...withHandle({
    async "failures are still noted when the store is opened again"(one, { open }) {
      await (await claimed(one, key)).fail(note);
      await one.close();
      const other = await open();
      assert.deepEqual(
        (await other.failures()).map(({ error, params }) => ({ error, params })),
        [{ error: note.error, params: key.values }],
      );
      await (await claimed(other, key)).record({ alpha: 1, seed: 1 });
      assert.deepEqual([...await other.failures()], []);
    },
  }, "claims"),
];
