import assert from "node:assert/strict";
import { join } from "node:path";
import { testBackend } from "../../conformance/mod.ts";
import { type Backend, openBackend } from "../../mod.ts";
import { serve, type Sidecar } from "../../server.ts";

const warn = (message: string): never => assert.fail(message);

/** The sidecars of stores that have open handles, and how many each. */
const sidecars = new Map<string, { readonly sidecar: Promise<Sidecar>; handles: number }>();

/** Opens a handle on a store behind a sidecar, which ends with the last handle. */
async function openServed(store: string): Promise<Backend> {
  const served = sidecars.get(store) ??
    { sidecar: serve({ store, port: 0, durability: "process", warn }), handles: 0 };
  sidecars.set(store, served);
  served.handles++;
  const { url } = await served.sidecar;
  const backend = await openBackend(url, { warn });
  const close = backend.close.bind(backend);
  let isOpen = true;
  backend.close = async () => {
    await close();
    if (!isOpen) return;
    isOpen = false;
    if (--served.handles > 0) return;
    sidecars.delete(store);
    await (await served.sidecar).close();
  };
  return backend;
}

for (const extension of [".csv", ".sqlite"]) {
  testBackend({
    name: `http: over ${extension}`,
    open: (folder) => openServed(join(folder, `runs${extension}`)),
    manyRows: 500,
  });
}
