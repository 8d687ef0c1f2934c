/**
 * The sidecar: one store for programs in any language, over HTTP, with a page to watch it.
 *
 * ```sh
 * deno run -A jsr:@stet/stet/server runs.csv
 * bun server.ts runs.csv --port 8787
 * ```
 *
 * @example
 * ```ts
 * import { serve } from "@stet/stet/server";
 * import { MemoryBackend } from "@stet/stet/backends";
 * import assert from "node:assert/strict";
 *
 * const sidecar = await serve({ store: new MemoryBackend(), port: 0 });
 * const answer = await fetch(`${sidecar.url}/v1/status`);
 * assert.equal((await answer.json()).count, 0);
 * await sidecar.close();
 * ```
 *
 * @module
 */
import process from "node:process";
import { main } from "./cli.ts";

export { serve, type ServeOptions, type Sidecar } from "./server/serve.ts";

if (import.meta.main) process.exitCode = await main(["serve", ...process.argv.slice(2)]);
