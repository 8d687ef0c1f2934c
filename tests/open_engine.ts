import type { Engine } from "../core/contract/engine.ts";
import { engineOf } from "../core/contract/adapted_backend.ts";
import { openBackend, type StoreOptions } from "../mod.ts";

/** Opens a store with the members that the library itself uses. */
export async function openEngine(
  location: string | URL,
  options?: StoreOptions,
): Promise<Engine & AsyncDisposable> {
  const backend = await openBackend(location, options);
  return engineOf(backend) as Engine & AsyncDisposable;
}
