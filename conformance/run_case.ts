import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Backend, MaybePromise } from "../core/contract/backend.ts";
import { engineOf } from "../core/contract/adapted_backend.ts";
import { Engine } from "../core/contract/engine.ts";
import type { Case, Handle } from "./case.ts";
import { engineWith } from "./engine_with.ts";

/** Runs a check on a fresh store in a folder of its own; then closes the handles and removes the folder. */
export async function runCase(
  check: Case["check"],
  open: (folder: string) => MaybePromise<Backend>,
  manyRows = 10_000,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "stet-conformance-"));
  const handles = new Set<Handle>();

  async function openHandle(): Promise<Handle> {
    const backend = await open(folder);
    const engine = engineOf(backend);
    const handle: Handle = engineWith(engine, {
      isIndexed: (backend as Partial<Handle>).isIndexed ?? backend instanceof Engine,
      async close(): Promise<void> {
        handles.delete(handle);
        await engine.close();
      },
    });
    handles.add(handle);
    return handle;
  }

  async function closeAll(): Promise<void> {
    for (const handle of handles) await handle.close();
  }

  try {
    await check({ folder, manyRows, open: openHandle });
    await closeAll();
  } finally {
    await closeAll().catch(() => {}); // the error of the check is the one to throw
    rmSync(folder, { recursive: true, force: true });
  }
}
