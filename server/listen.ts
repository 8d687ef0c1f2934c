import { createAdaptorServer } from "@hono/node-server";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf, nameOf, StoreError } from "../core/errors.ts";

/** Answers a request. @param gone Returns a signal that aborts when the client has left. */
export type Handler = (request: Request, gone: () => AbortSignal) => Response | Promise<Response>;

/** A listening server. */
export interface Listener {
  readonly port: number;
  /** Takes no new requests; resolves once the requests under way are answered. */
  stop(): Promise<void>;
  /** Aborts requests under way. */
  abort(): Promise<void>;
}

/** The idle time after which a connection is closed; longer than the longest wait. */
const IDLE_SECONDS = 120;
/** The poll interval for the end of requests under way, in milliseconds. */
const POLL_INTERVAL_MS = 20;

interface DenoHttp {
  serve(
    options: object,
    handler: (
      request: Request,
      info: { readonly completed: Promise<void> },
    ) => Response | Promise<Response>,
  ): {
    readonly addr: { readonly port: number };
    readonly finished: Promise<void>;
    shutdown(): Promise<void>;
  };
}

interface BunHttp {
  serve(options: object): {
    readonly port: number;
    readonly pendingRequests: number;
    stop(isAtOnce?: boolean): Promise<void>;
  };
}

/**
 * Listens on an address with the server that the runtime brings; port 0 picks one.
 *
 * @throws {StoreError} If the port is in use, or may not be listened on.
 */
export async function listen(host: string, port: number, handler: Handler): Promise<Listener> {
  const { Deno, Bun } = globalThis as { Deno?: DenoHttp; Bun?: BunHttp };
  try {
    if (Bun) return onBun(Bun, host, port, handler);
    if (Deno) return onDeno(Deno, host, port, handler);
    return await onNode(host, port, handler);
  } catch (error) {
    throw new StoreError(`Cannot listen on ${host}:${port}: ${reasonOf(error, host, port)}`, {
      cause: error,
    });
  }
}

function reasonOf(error: unknown, host: string, port: number): string {
  const message = messageOf(error);
  if (nameOf(error) === "NotCapable") {
    return `Deno gives this program no access to it; start it with --allow-net=${host}:${port}`;
  }
  if (/in use|EADDRINUSE/i.test(message)) {
    return "the port is in use; choose another with --port, or --port 0 for any that is free";
  }
  return message;
}

function onDeno(deno: DenoHttp, hostname: string, port: number, handler: Handler): Listener {
  const cut = new AbortController();
  const server = deno.serve(
    { hostname, port, signal: cut.signal, onListen: () => {} },
    (request, { completed }) =>
      handler(request, () => {
        // Deno aborts the signal of an answered request too, and warns each time it is used.
        const gone = new AbortController();
        completed.catch(() => gone.abort());
        return gone.signal;
      }),
  );
  return {
    port: server.addr.port,
    stop: () => server.shutdown(),
    async abort() {
      cut.abort();
      await server.finished;
    },
  };
}

function onBun(bun: BunHttp, hostname: string, port: number, handler: Handler): Listener {
  const fetch = (request: Request): ReturnType<Handler> => handler(request, () => request.signal);
  const server = bun.serve({ hostname, port, fetch, idleTimeout: IDLE_SECONDS });
  return {
    port: server.port,
    async stop() {
      void server.stop(); // resolves only when idle connections are closed too
      while (server.pendingRequests > 0) await sleep(POLL_INTERVAL_MS);
      await server.stop(true);
    },
    abort: () => server.stop(true),
  };
}

async function onNode(host: string, port: number, handler: Handler): Promise<Listener> {
  const fetch = (request: Request): ReturnType<Handler> => handler(request, () => request.signal);
  const server = createAdaptorServer({ fetch }) as import("node:http").Server;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  server.keepAliveTimeout = IDLE_SECONDS * 1000;
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      let isClosed = false;
      server.close(() => isClosed = true);
      while (!isClosed) {
        server.closeIdleConnections();
        await sleep(POLL_INTERVAL_MS);
      }
    },
    async abort() {
      server.closeAllConnections();
    },
  };
}
