import assert from "node:assert/strict";
import { keyOf, keyShape } from "../core/keys/key.ts";
import { type Case, withHandle, withTwoHandles } from "./case.ts";
import { claimed } from "./claimed.ts";

/** The end of a handle. */
export const closing: readonly Case[] = [
  ...withHandle({
    async "a closed handle refuses every use, with an error that says that it was closed"(backend) {
      const shape = keyShape(["alpha"]);
      const key = keyOf(shape, { alpha: 1 });
      await backend.record({ alpha: 1 });
      const claim = await claimed(backend, keyOf(shape, { alpha: 2 }));
      await backend.close();
      const uses: Record<string, () => unknown> = {
        has: () => backend.has({ alpha: 1 }),
        record: () => backend.record({ alpha: 3 }),
        load: () => backend.load(),
        remove: () => backend.remove({ alpha: 1 }),
        clear: () => backend.clear(),
        rows: async () => {
          for await (const _ of backend.rows()) break;
        },
        columns: () => backend.columns(),
        find: () => backend.find(key),
        hasKey: () => backend.hasKey(key),
        sourceOf: () => backend.sourceOf(key),
        removeKey: () => backend.removeKey(key),
        claim: () => backend.claim(keyOf(shape, { alpha: 4 })),
        "record of a claim": () => claim.record({ alpha: 2 }),
      };
      for (const [name, use] of Object.entries(uses)) {
        const isClear = (error: unknown): boolean =>
          error instanceof Error && /closed/.test(error.message) &&
          error.message.includes(backend.location);
        await assert.rejects(async () => await use(), isClear, `${name} says so`);
      }
    },
  }, "closing"),
  ...withTwoHandles({
    async "close() of one handle leaves the others open"(one, other) {
      await one.record({ alpha: 1 });
      await other.record({ alpha: 2 });
      await one.close();
      await other.record({ alpha: 3 });
      assert.deepEqual((await other.load()).map(({ alpha }) => alpha), [1, 2, 3]);
    },
  }, "sharing"),
];
