import path from "node:path";
import { closeAfter } from "../runtime/close_after.ts";
import type { MaybePromise } from "../runtime/maybe_promise.ts";
import { engineOf } from "./adapted_backend.ts";
import type { Engine } from "./engine.ts";
import { StoreError } from "../errors.ts";
import { shownLocation } from "../runtime/shown_location.ts";
import { DEFAULT_STORE, type Registry, type StoreOptions } from "./registry.ts";

/**
 * Opens a store to read it.
 *
 * @param isThere Tells whether there is anything to read. Default: the store exists.
 * @throws {StoreError} If there is not.
 */
export async function openExisting(
  registry: Registry,
  store: string | URL,
  options: StoreOptions,
  isThere: (engine: Engine) => MaybePromise<boolean> = (engine) => engine.exists(),
): Promise<Engine> {
  const engine = engineOf(await registry.open(store, options));
  try {
    if (await isThere(engine)) return engine;
    throw await missingStore(store, engine);
  } catch (error) {
    return await closeAfter(() => Promise.reject(error), () => engine.close());
  }
}

/** Opens a store as {@linkcode openExisting} does, runs a body and closes it. */
export async function withStore<T>(
  registry: Registry,
  store: string | URL,
  options: StoreOptions,
  body: (engine: Engine) => Promise<T>,
  isThere?: (engine: Engine) => MaybePromise<boolean>,
): Promise<T> {
  const engine = await openExisting(registry, store, options, isThere);
  return await closeAfter(() => body(engine), () => engine.close());
}

/** True if a store exists, or runs were planned, failed or are under way before the first row made it. */
export async function isKnown(backend: Engine): Promise<boolean> {
  return await backend.exists() || (await backend.failures()).length > 0 ||
    (await backend.held()).length > 0 || (await backend.plans()).length > 0;
}

async function missingStore(store: string | URL, backend: Engine): Promise<StoreError> {
  const failed = (await backend.failures()).length;
  const reason = failed > 0
    ? `no run has succeeded, ${failed} failed; stet failures lists them`
    : store === DEFAULT_STORE
    ? "there is no such file, and no other store was named; name the one of your runs"
    : path.isAbsolute(backend.location)
    ? "there is no such file; it is made by the first run, check the path"
    : "it is not there yet, or was cleared; it is made by the first run, check the URL";
  return new StoreError(`Cannot find store "${shownLocation(store)}": ${reason}`);
}
