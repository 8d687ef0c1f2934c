import { MemoryBackend } from "../backends/memory.ts";
import { engineOf } from "../core/contract/adapted_backend.ts";
import type { Engine } from "../core/contract/engine.ts";
import type { Row } from "../core/values/value.ts";
import { Follower } from "../server/mirror/follower.ts";
import { Mirror } from "../server/mirror/mirror.ts";

/** A mirror in this thread, and what brings it up to date. */
export interface Followed {
  readonly mirror: Mirror;
  readonly follower: Follower;
}

/** The mirror of a store, without rows yet. */
export function followed(backend: Engine): Followed {
  const mirror = new Mirror(backend.location);
  return { mirror, follower: new Follower(backend, mirror) };
}

/** A store in memory with these rows, and its mirror. */
export async function mirrorOf(
  rows: readonly Row[],
): Promise<Followed & { readonly backend: MemoryBackend }> {
  const backend = new MemoryBackend();
  for (const row of rows) backend.record(row);
  const { mirror, follower } = followed(engineOf(backend));
  await follower.catchUp();
  return { backend, mirror, follower };
}
