import path from "node:path";
import type { Backend } from "./backend.ts";
import { closeAfter } from "../runtime/close_after.ts";
import { engineOf } from "./adapted_backend.ts";
import type { Engine } from "./engine.ts";
import { StoreError } from "../errors.ts";
import { shownLocation } from "../runtime/shown_location.ts";
import type { Registry, StoreOptions } from "./registry.ts";

/** Opens a store to read it. @throws {StoreError} If it is not there. */
export async function openExisting(
  registry: Registry,
  store: string | URL,
  options: StoreOptions,
): Promise<Backend> {
  const backend = await registry.open(store, options);
  const complete = engineOf(backend);
  if (await complete.exists()) return backend;
  return await closeAfter(
    async () => Promise.reject(await missingStore(store, complete)),
    () => complete.close(),
  );
}

/**
 * Opens a store, runs a body and closes it.
 *
 * @param isThere Tells whether there is anything to read. Default: the store exists.
 * @throws {StoreError} If there is not.
 */
export async function withStore<T>(
  registry: Registry,
  store: string | URL,
  options: StoreOptions,
  body: (backend: Engine) => Promise<T>,
  isThere: (backend: Engine) => Promise<boolean> = async (backend) => await backend.exists(),
): Promise<T> {
  const backend = engineOf(await registry.open(store, options));
  return await closeAfter(async () => {
    if (await isThere(backend)) return await body(backend);
    throw await missingStore(store, backend);
  }, () => backend.close());
}

/** True if a store exists, or runs failed or are under way before the first row made it. */
export async function isKnown(backend: Engine): Promise<boolean> {
  return await backend.exists() || (await backend.failures()).length > 0 ||
    (await backend.held()).length > 0;
}

async function missingStore(
  store: string | URL,
  backend: Engine,
): Promise<StoreError> {
  const failed = (await backend.failures()).length;
  const reason = failed > 0
    ? `no run has succeeded, ${failed} failed; stet failures lists them`
    : path.isAbsolute(backend.location)
    ? "there is no such file; it is made by the first run, check the path"
    : "its file is not there yet, or was cleared; it is made by the first run";
  return new StoreError(`Cannot find store "${shownLocation(store)}": ${reason}`);
}
