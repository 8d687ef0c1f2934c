import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { Claim, ClaimOptions, Lease } from "../core/contract/backend.ts";
import type { Engine } from "../core/contract/engine.ts";
import { LostClaimError } from "../core/errors.ts";
import { keyOf, keyShape } from "../core/keys/key.ts";
import { type Case, withHandle, withOneOrTwoHandles } from "./case.ts";
import { claimed } from "./claimed.ts";
import { paramsIn } from "./params_in.ts";

const shape = keyShape(["alpha", "seed"]);
const params = { alpha: 1, seed: 1 };
const key = keyOf(shape, params);
const note = { error: "out of memory", stack: "" };

function leaseOf(token: string, milliseconds = 60_000): Lease {
  return { token, until: Date.now() + milliseconds, holder: `worker ${token}` };
}

/** A lease that expires in a moment; {@linkcode over} waits for that. */
function shortLease(token: string): Lease {
  return leaseOf(token, 5);
}

async function over(): Promise<void> {
  await sleep(30);
}

async function leased(handle: Engine, lease: Lease, options?: ClaimOptions): Promise<Claim> {
  return await claimed(handle, key, { ...options, lease });
}

async function stateOf(handle: Engine, lease?: Lease): Promise<string> {
  const answer = await handle.claim(key, lease ? { lease } : {});
  if (answer.state === "claimed" && !lease) await answer.claim.release();
  return answer.state;
}

/** Claims that belong to a lease. */
export const leases: readonly Case[] = [
  ...withOneOrTwoHandles({
    async "a key that a lease holds is busy for all others, and names the holder"(one, other) {
      const claim = await leased(one, leaseOf("a"));
      assert.equal(await stateOf(other), "busy");
      assert.equal(await stateOf(other, leaseOf("b")), "busy");
      const [held, ...more] = await other.held();
      assert.deepEqual([held?.key, held?.holder, more], [key.text, "worker a", []]);
      await claim.record(params);
      assert.equal(await stateOf(other, leaseOf("b")), "done");
      assert.deepEqual(await other.held(), []);
      assert.deepEqual(await paramsIn(other), [params]);
    },
    async "a key that a process holds is busy for a lease"(one, other) {
      const claim = await claimed(one, key);
      assert.equal(await stateOf(other, leaseOf("a")), "busy");
      await claim.release();
      await (await leased(other, leaseOf("a"))).release();
      assert.equal(await stateOf(one), "claimed");
    },
    async "a claim with the same token renews the lease, and ends it from anywhere"(one, other) {
      const first = await leased(one, shortLease("a"));
      const renewed = await leased(other, leaseOf("a"));
      await over();
      assert.equal(await stateOf(one), "busy");
      await renewed.record(params);
      assert.equal(await stateOf(one, leaseOf("a")), "done");
      await assert.rejects(async () => await first.record({ ...params, late: 1 }), LostClaimError);
      assert.deepEqual(await paramsIn(one), [params]);
    },
    async "a lease that is over leaves the key free, and still ends it if nobody took it"(
      one,
      other,
    ) {
      const claim = await leased(one, shortLease("a"));
      await over();
      assert.deepEqual(await other.held(), []);
      await claim.record(params);
      assert.deepEqual(await paramsIn(other), [params]);
      assert.equal(await stateOf(other), "done");
    },
    async "a lease whose key somebody else took records nothing"(one, other) {
      const late = await leased(one, shortLease("a"));
      await over();
      const claim = await leased(other, leaseOf("b"));
      for (
        const end of [
          () => late.record({ ...params, from: "a" }),
          () => late.fail(note),
          () => late.release(),
        ]
      ) await assert.rejects(async () => await end(), LostClaimError);
      assert.equal(await stateOf(one, leaseOf("a")), "busy");
      assert.deepEqual(await one.failures(), []);
      await claim.record({ ...params, from: "b" });
      await assert.rejects(async () => await late.record({ ...params, from: "a" }), LostClaimError);
      assert.deepEqual(await paramsIn(one), [{ ...params, from: "b" }]);
    },
    async "a lease whose key was recorded by somebody else records nothing"(one, other) {
      const late = await leased(one, leaseOf("a"));
      await other.record({ ...params, from: "b" });
      await assert.rejects(async () => await late.record({ ...params, from: "a" }), LostClaimError);
      assert.deepEqual(await paramsIn(one), [{ ...params, from: "b" }]);
    },
    async "a lease is gone once its key is answered done"(one, other) {
      await leased(one, leaseOf("a"));
      await other.record({ ...params, from: "b" });
      assert.equal(await stateOf(one, leaseOf("a")), "done");
      assert.deepEqual(await one.held(), []);
      assert.deepEqual(await other.held(), []);
    },
    async "the failure of a lease is noted, and its key free"(one, other) {
      await (await leased(one, leaseOf("a"))).fail({ ...note, attempts: 2 });
      const [failure] = await other.failures();
      assert.equal(failure?.error, note.error);
      assert.equal(failure?.attempt, 2);
      await (await leased(other, leaseOf("b"))).record(params);
      assert.deepEqual(await one.failures(), []);
    },
    async "a lease replaces a row that does not count as done"(one, other) {
      await one.record({ ...params, note: "old" });
      const options: ClaimOptions = { isDone: (row) => row.result !== undefined };
      const claim = await leased(other, leaseOf("a"), options);
      await claim.record({ ...params, result: 1 });
      assert.deepEqual(await paramsIn(one), [{ ...params, result: 1 }]);
    },
  }),
  ...withHandle({
    async "a lease outlives the handle that made it"(one, { open }) {
      await leased(one, leaseOf("a"));
      await one.close();
      const other = await open();
      assert.equal(await stateOf(other), "busy");
      await (await leased(other, leaseOf("a"))).record(params);
      assert.equal(await stateOf(other), "done");
    },
  }, "claims"),
];
