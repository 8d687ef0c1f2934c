import process from "node:process";
import { endSignals } from "../../core/runtime/interrupt.ts";
import { DEFAULT_STORE } from "../../core/runs/open_stores.ts";
import { stetToken } from "../../core/runtime/stet_token.ts";
import { type Command, storeOf, UsageError, type Values } from "../command.ts";
import { gridHelp, gridOptions, readGrid } from "../grids/grid.ts";

/**
 * A variable, since Deno loads, before any command starts, what an import names by a literal, reached
 * or not: here Hono and zod.
 */
const SERVER = "../../server/serve.ts";

/** `stet serve`. */
export const serve: Command = {
  summary: "share a store over HTTP, and watch it in a browser",
  help: `Usage: stet serve [store] [options]

Serves a store to programs in any language, and a page that shows how far it is, at
http://127.0.0.1:8787/ until it is interrupted. Other programs may use the store meanwhile.

      --port port          where to listen (default 8787; 0 picks one that is free)
      --host address       the address to listen on (default 127.0.0.1: this machine only); any other
                           needs a token
      --token-file file    the token that clients must send (default: what STET_TOKEN says)
      --allow-host name    another name by which clients may call it; may be given more than once
      --allow-query        let clients send SQL, which can only read this store
      --durability kind    power (default) or process: when a record counts as kept
      --quiet              print nothing but errors

${gridHelp}

The grid says what the page counts as all; without one it is guessed from the rows. On Deno it needs
--allow-net besides --allow-read and --allow-write, and --allow-env=STET_TOKEN for a token.

Examples:
  stet serve runs.csv
  stet serve runs.sqlite --port 0 -g alpha=0.1,0.5 -g seed=0..19
  STET_TOKEN=… stet serve runs.csv --host 0.0.0.0`,
  options: {
    ...gridOptions,
    port: { type: "string" },
    host: { type: "string" },
    "token-file": { type: "string" },
    "allow-host": { type: "string", multiple: true },
    "allow-query": { type: "boolean" },
    durability: { type: "string" },
    quiet: { type: "boolean" },
  },
  async run(values, positionals, { log, error }): Promise<void> {
    const store = storeOf(positionals) ?? DEFAULT_STORE;
    const port = portOf(values);
    const durability = durabilityOf(values);
    const grid = values["grid"] === undefined ? {} : { grid: await readGrid(values, error) };
    const token = stetToken(values["token-file"] as string | undefined);
    const server = await import(SERVER) as typeof import("../../server/serve.ts");
    const sidecar = await server.serve({
      store,
      ...grid,
      ...port !== undefined && { port },
      ...durability && { durability },
      ...token !== undefined && { token },
      ...values["host"] !== undefined && { host: values["host"] as string },
      allowHosts: values["allow-host"] as readonly string[] | undefined ?? [],
      allowQuery: values["allow-query"] === true,
      warn: error,
    });
    const interrupted = new Promise<void>((resolve) => {
      for (const signal of endSignals()) process.once(signal, () => resolve());
    });
    if (!values["quiet"]) log(`stet serves ${store} at ${sidecar.url}/`);
    await interrupted;
    await sidecar.close();
  },
};

function portOf({ port }: Values): number | undefined {
  if (port === undefined) return undefined;
  const number = Number(port);
  if (/^\d+$/.test(String(port)) && number <= 65_535) return number;
  throw new UsageError(`--port must be a whole number from 0 to 65535, got "${port}"`);
}

function durabilityOf({ durability }: Values): "power" | "process" | undefined {
  if (durability === undefined || durability === "power" || durability === "process") {
    return durability;
  }
  throw new UsageError(`--durability must be power or process, got "${durability}"`);
}
