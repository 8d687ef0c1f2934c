import type { Backend } from "./backend.ts";
import { completeBackend } from "./complete_backend.ts";
import { StoreError } from "./errors.ts";
import type { Registry, StoreOptions } from "./registry.ts";

/** Opens a store to read it. @throws {StoreError} If it is not there. */
export async function openExisting(
  registry: Registry,
  store: string | URL,
  options: StoreOptions,
): Promise<Backend> {
  const backend = await registry.open(store, options);
  if (await completeBackend(backend).exists()) return backend;
  await backend.close();
  throw new StoreError(
    `Cannot find store "${store}": there is no such file; it is made by the first run, check the path`,
  );
}
