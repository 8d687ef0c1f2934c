import assert from "node:assert/strict";
import type { Claim, ClaimOptions } from "../core/contract/backend.ts";
import type { Engine } from "../core/contract/engine.ts";
import type { Key } from "../core/keys/key.ts";
import { paramsText } from "../core/values/value_text.ts";

/** Claims a key, and asserts that it is neither done nor claimed. */
export async function claimed(handle: Engine, key: Key, options?: ClaimOptions): Promise<Claim> {
  const answer = await handle.claim(key, options);
  assert(answer.state === "claimed", `claim(${paramsText(key.values)}) is ${answer.state}`);
  return answer.claim;
}
