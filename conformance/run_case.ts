import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Backend, MaybePromise } from "../core/contract/backend.ts";
import { engineOf } from "../core/contract/adapted_backend.ts";
import { Engine } from "../core/contract/engine.ts";
import type { Case, Handle } from "./case.ts";

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

/** Returns an engine with other members in place of some of its own, or added to them. */
export function engineWith<T extends object>(engine: Engine, others: T): Engine & T {
  return new Proxy(engine, {
    get(target, name): unknown {
      if (Object.hasOwn(others, name)) return Reflect.get(others, name);
      const own: unknown = Reflect.get(target, name, target);
      return typeof own === "function" ? own.bind(target) : own;
    },
  }) as Engine & T;
}
