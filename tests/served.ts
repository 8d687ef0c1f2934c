import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serve, type ServeOptions } from "../server.ts";

/** A sidecar of this process, for one test. */
export interface Served {
  readonly url: string;
  /** The file that it serves. */
  readonly store: string;
  /** Asks it, and resolves to the response. */
  ask(path: string, init?: RequestInit): Promise<Response>;
  /** Posts JSON to it, and resolves to the status and the JSON of the answer. */
  // deno-lint-ignore no-explicit-any -- what comes is what is tested
  post(path: string, body: unknown): Promise<{ readonly status: number; readonly json: any }>;
}

/** The part of a test's context that cleans up after it. */
interface Cleaned {
  after(clean: () => void | Promise<void>): void;
}

/** Serves a store that is not there yet, until the test ends. A warning fails the test. */
export async function served(
  test: Cleaned,
  { name = "runs.csv", ...options }: ServeOptions & { readonly name?: string } = {},
): Promise<Served> {
  const folder = mkdtempSync(join(tmpdir(), "stet-served-"));
  const store = join(folder, name);
  const sidecar = await serve({
    store,
    port: 0,
    durability: "process",
    warn: (message) => assert.fail(message),
    ...options,
  });
  test.after(async () => {
    await sidecar.close(); // before its folder goes
    rmSync(folder, { recursive: true, force: true });
  });
  const ask = (path: string, init?: RequestInit): Promise<Response> =>
    fetch(`${sidecar.url}${path}`, init);
  return {
    url: sidecar.url,
    store,
    ask,
    async post(path, body) {
      const response = await ask(path, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: typeof body === "string" ? body : JSON.stringify(body),
      });
      return { status: response.status, json: await response.json() };
    },
  };
}
