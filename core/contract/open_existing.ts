import path from "node:path";
import type { Backend } from "./backend.ts";
import { closeAfter } from "../runtime/close_after.ts";
import { engineOf } from "./adapted_backend.ts";
import { StoreError } from "../errors.ts";
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
  return await closeAfter(async () => {
    const failed = (await complete.failures()).length;
    const isFile = path.isAbsolute(complete.location);
    throw new StoreError(
      `Cannot find store "${store}": ` +
        (failed > 0
          ? `no run has succeeded, ${failed} failed; stet failures tells why`
          : isFile
          ? "there is no such file; it is made by the first run, check the path"
          : "its file is not there yet, or was cleared; it is made by the first run"),
    );
  }, () => complete.close());
}
