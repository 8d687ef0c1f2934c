import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Backend } from "../core/contract/backend.ts";
import { closeAfter } from "../core/runtime/close_after.ts";
import { engineOf } from "../core/contract/adapted_backend.ts";
import type { Engine } from "../core/contract/engine.ts";
import { StoreError } from "../core/errors.ts";
import { isGranted } from "../core/runtime/missing_permission.ts";
import { shownLocation } from "../core/runtime/shown_location.ts";
import type { Grid } from "../core/grids/grid.ts";
import { DEFAULT_STORE } from "../core/contract/registry.ts";
import { clusterStatus, openBackend } from "../mod.ts";
import { createApp } from "./app.ts";
import { createGuard, isLoopback, knownHosts } from "./guard.ts";
import { listen } from "./listen.ts";
import { FiguresClient } from "./figures/figures_client.ts";
import { QueryProcesses } from "./query/query_process.ts";
import { problemOf, problemResponse } from "./routes/problem.ts";
import { wantedGrid } from "./wanted_grid.ts";

const DEFAULT_PORT = 8787;
/** The maximum wait for requests under way when the sidecar ends, in milliseconds. */
const GRACE_MS = 10_000;

/** Options of {@linkcode serve}. */
export interface ServeOptions {
  /** A path, a URL or an open backend, which stays open. Default: `_stet_store.csv`. */
  readonly store?: string | URL | Backend;
  /** The address to listen on. One that other machines reach needs a token. Default: `127.0.0.1`. */
  readonly host?: string;
  /** The port; 0 picks one that is free. Default: 8787. */
  readonly port?: number;
  /** The bearer token of clients. Default: none is needed. */
  readonly token?: string;
  /** More names of the sidecar in `Host`, such as that of a proxy before it. */
  readonly allowHosts?: readonly string[];
  /** True if clients may send SQL, which can only read this store. Default: false. */
  readonly allowQuery?: boolean;
  /**
   * The combinations wanted, for progress and time left: axes by name, as `expandGrid` takes them, or an
   * iterable of params. Default: inferred from rows.
   */
  readonly grid?: Readonly<Record<string, Iterable<unknown>>> | Iterable<object>;
  /** The durability of records, as in every store. Default: `"power"`. */
  readonly durability?: "power" | "process";
  /** Reports warnings and unforeseen errors. Default: `console.warn`. */
  readonly warn?: (message: string) => void;
}

/** A listening sidecar. */
export interface Sidecar {
  /** Its URL, as `http://127.0.0.1:8787`. */
  readonly url: string;
  /** Takes no new requests, answers requests under way (for 10 s at most), and closes the store. */
  close(): Promise<void>;
}

/**
 * Serves a store over HTTP: to programs in any language, to other machines, and as a page at `/`.
 *
 * @throws {StoreError} If the store or the port cannot be used, or an address that other machines reach
 * has no token.
 */
export async function serve(options: ServeOptions = {}): Promise<Sidecar> {
  return await serveGrid(options, options.grid && wantedGrid(options.grid));
}

/** Serves a store as {@linkcode serve} does, with a grid of the command line. */
export async function serveGrid(
  options: Omit<ServeOptions, "grid">,
  grid: Grid | undefined,
): Promise<Sidecar> {
  const { store = DEFAULT_STORE, host = "127.0.0.1", port = DEFAULT_PORT, token } = options;
  const { durability = "power", warn = console.warn, allowHosts = [] } = options;
  if (token === "") throw new StoreError("Cannot serve: the token is empty");
  if (token === undefined && !isLoopback(host)) {
    throw new StoreError(
      `Cannot serve on ${host} without a token: other machines could reach it; set STET_TOKEN or ` +
        `give --token-file`,
    );
  }
  const isOpen = typeof store === "object" && !(store instanceof URL);
  const backend = engineOf(isOpen ? store : await openBackend(store, { durability, warn }));
  const figures = new FiguresClient(backend, grid);
  const closing = new AbortController();
  const queries = options.allowQuery && queriesOf(backend, isOpen, warn) || undefined;
  const release = async (): Promise<void> => {
    figures.close();
    await queries?.close();
    if (!isOpen) await backend.close();
  };
  try {
    const guard = createGuard(token, knownHosts(host, allowHosts));
    const app = createApp({
      backend,
      figures,
      store: shownLocation(isOpen ? backend.location : store),
      cluster: !isOpen && /^postgres/i.test(String(store)) ? () => clusterStatus(store) : undefined,
      now: Date.now,
      closing: closing.signal,
      allowsQuery: options.allowQuery ?? false,
      queries,
      warn,
    });
    const listener = await listen(host, port, (request, gone) => {
      try {
        guard(request); // a middleware would cost claims a fifth of their speed
        return app.fetch(request, { gone });
      } catch (error) {
        return problemResponse(problemOf(error, warn));
      }
    });
    const stop = async (): Promise<void> => {
      closing.abort();
      const isDone = await Promise.race([
        listener.stop().then(() => true),
        sleep(GRACE_MS, false, { ref: false }),
      ]);
      if (!isDone) await listener.abort();
    };
    let closed: Promise<void> | undefined;
    return {
      url: `http://${host.includes(":") ? `[${host}]` : host}:${listener.port}`,
      close: () => closed ??= closeAfter(stop, release),
    };
  } catch (error) {
    await release();
    throw error;
  }
}

/** Returns the processes for SQL of clients; undefined if it has to run in this one. */
function queriesOf(
  backend: Engine,
  isOpen: boolean,
  warn: (message: string) => void,
): QueryProcesses | undefined {
  const needed = ["run", "read", "write", "env", "ffi"] as const; // workers get what is granted in full
  const missing = needed.filter((name) => !isGranted({ name }));
  if (missing.length === 0) {
    const isFile = !isOpen && path.isAbsolute(backend.location);
    return new QueryProcesses(backend, isFile ? backend.location : undefined);
  }
  warn(
    `[stet] SQL of clients runs in this process, where one call of a function can take more time and ` +
      `memory than it may: Deno runs it in another with ${
        missing.map((name) => `--allow-${name}`).join(" ")
      }`,
  );
  return undefined;
}
