import { shownLocation } from "../../core/runtime/shown_location.ts";
import process from "node:process";
import { endSignals } from "../../core/runtime/interrupt.ts";
import { stetToken } from "../../core/runtime/stet_token.ts";
import { type Command, command } from "../command.ts";
import { gridNote, gridOptions, readGrid } from "../grids/grid.ts";
import { count, flag, given, oneOf, option, repeated, storeArgument, text } from "../options.ts";

/** A variable, since Deno loads the target of a literal import, here Hono and zod, before any command starts. */
const SERVER = "../../server/serve.ts";

/** `stet serve`. */
export const serve: Command = command({
  name: "serve",
  summary: "share a store over HTTP, and watch it in a browser",
  about: `Serves a store to programs in any language, and a page that shows how far it is, at
     http://127.0.0.1:8787/ until it is interrupted. Other programs may use the store meanwhile.`,
  arguments: { store: storeArgument },
  options: {
    port: option(
      count(0, 65_535, "port"),
      "where to listen (default 8787; 0 picks one that is free)",
    ),
    host: option(
      text("address"),
      `the address to listen on (default 127.0.0.1: this machine only); any other needs a token`,
    ),
    tokenFile: option(
      text("file"),
      "the token that clients must send (default: what STET_TOKEN says)",
    ),
    allowHost: repeated(text("name"), "another name by which clients may call it"),
    allowQuery: flag("let clients send SQL, which can only read this store"),
    durability: option(
      oneOf("kind", ["power", "process"]),
      "power (default) or process: when a record counts as kept",
    ),
    quiet: flag("print nothing but errors"),
    ...gridOptions,
  },
  notes: [
    gridNote,
    `The grid says what the page counts as all; without one it is guessed from the rows. On Deno it needs
     --allow-net besides --allow-read and --allow-write, and --allow-env=STET_TOKEN for a token.`,
  ],
  examples: [
    "runs.csv",
    "runs.sqlite --port 0 -g alpha=0.1,0.5 -g seed=0..19",
    "runs.csv --host 0.0.0.0 --token-file token.txt",
  ],
  async run(values, { log, error }): Promise<void> {
    const { store, port, host, durability, tokenFile, allowHost, allowQuery, quiet } = values;
    const grid = values.grid.length === 0 ? undefined : await readGrid(values, error);
    const token = stetToken(tokenFile);
    const server = await import(SERVER) as typeof import("../../server/serve.ts");
    const sidecar = await server.serveGrid({
      store,
      ...given({ port, host, durability, token }),
      allowHosts: allowHost,
      allowQuery,
      warn: error,
    }, grid);
    const interrupted = new Promise<void>((resolve) => {
      for (const signal of endSignals()) process.once(signal, () => resolve());
    });
    if (!quiet) {
      log(`stet serves ${shownLocation(store)} at ${sidecar.url}/`);
      if (isWildcard(host)) log(sharedNote(sidecar.url, allowHost));
    }
    await interrupted;
    await sidecar.close();
  },
});

/** True if an address stands for all addresses of a machine. */
function isWildcard(host = ""): boolean {
  return /^(?:0\.0\.0\.0|::)$/.test(host);
}

/** Returns the note for clients on other machines. */
function sharedNote(url: string, names: readonly string[]): string {
  const port = url.slice(url.lastIndexOf(":") + 1);
  const where = names.length > 0
    ? `at ${names.map((name) => `http://${name}:${port}`).join(", ")}`
    : "by no name yet: restart it with --allow-host and the name or address that they use";
  return `[stet] Other machines reach it ${where}; clients send its token (STET_TOKEN)`;
}
