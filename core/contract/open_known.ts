import { closeAfter } from "../runtime/close_after.ts";
import { engineOf } from "./adapted_backend.ts";
import type { Engine } from "./engine.ts";
import type { Registry, StoreOptions } from "./registry.ts";
import { openExisting } from "./open_existing.ts";

/**
 * Opens a store of which something is known to read it: it is there, or runs failed or are under way
 * before the first one made it.
 *
 * @throws {StoreError} If nothing is known of it.
 */
export async function openKnown(
  registry: Registry,
  store: string | URL,
  options: StoreOptions = {},
): Promise<Engine> {
  const backend = engineOf(await registry.open(store, options));
  try {
    if (
      await backend.exists() || (await backend.failures()).length > 0 ||
      (await backend.held()).length > 0
    ) return backend;
  } catch (error) {
    return await closeAfter(() => Promise.reject(error), () => backend.close());
  }
  await backend.close();
  return engineOf(await openExisting(registry, store, options)); // says that it is not there
}
