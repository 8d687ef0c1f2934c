import { Buffer } from "node:buffer";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { StatementCounter } from "./statement_counter.ts";

/** Options of a proxy. */
export interface ProxyOptions {
  /** Delay of every byte in each direction, in milliseconds. Default: 0. */
  readonly delay?: number;
  /** Address to listen on. Default: 127.0.0.1. */
  readonly host?: string;
  /**
   * Texts to replace in the answers of the server. A text is replaced by one of its length. Default: none.
   */
  readonly replace?: readonly (readonly [old: string, next: string])[];
}

/** A TCP proxy in front of a server, which can break the connections. */
export interface Proxy {
  readonly port: number;
  /** Number of statements of all clients: simple queries and executions. Those over TLS are not seen. */
  readonly statements: number;
  /** Number of open connections of clients. */
  readonly connections: number;
  /** Holds everything back in both directions, as an unplugged cable does. Sockets stay open. */
  cut(): void;
  /** Ends a cut: what was held back arrives, as TCP sends it again. */
  heal(): void;
  /** Resets the open connections on both sides. New ones are accepted. */
  reset(): void;
  /** Discards the next answer of the server, and resets its connection: the statement was executed. */
  loseAnswer(): void;
  close(): Promise<void>;
}

/** Starts a proxy in front of a port of 127.0.0.1. */
export async function startProxy(target: number, options: ProxyOptions = {}): Promise<Proxy> {
  const { delay = 0, host = "127.0.0.1", replace = [] } = options;
  const directions = new Set<Direction>();
  const sockets = new Set<Socket>();
  let isCut = false;
  let isLosing = false;
  let statements = 0;
  let connections = 0;

  const server = createServer((client) => {
    connections++;
    const upstream = connect(target, "127.0.0.1");
    const counter = new StatementCounter();
    const up = new Direction(client, upstream, delay, isCut, (bytes) => {
      statements += counter.add(bytes);
      return bytes;
    });
    const down = new Direction(upstream, client, delay, isCut, (bytes) => {
      if (!isLosing) return replaced(bytes, replace);
      isLosing = false;
      for (const socket of [client, upstream]) socket.resetAndDestroy();
      return new Uint8Array(0);
    });
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
    }
    client.on("close", () => connections--);
    for (const direction of [up, down]) {
      directions.add(direction);
      direction.to.on("close", () => directions.delete(direction));
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    get statements() {
      return statements;
    },
    get connections() {
      return connections;
    },
    cut() {
      isCut = true;
      for (const direction of directions) direction.hold();
    },
    heal() {
      isCut = false;
      for (const direction of directions) direction.release();
    },
    reset() {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    loseAnswer() {
      isLosing = true;
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** The bytes from one socket to another, and the end of them. */
class Direction {
  readonly to: Socket;
  readonly #delay: number;
  readonly #waiting: { readonly due: number; readonly bytes: Uint8Array | undefined }[] = [];
  #isHeld: boolean;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    from: Socket,
    to: Socket,
    delay: number,
    isHeld: boolean,
    pass: (bytes: Uint8Array) => Uint8Array,
  ) {
    this.to = to;
    this.#delay = delay;
    this.#isHeld = isHeld;
    from.on("data", (bytes) => this.#add(pass(bytes as Uint8Array)));
    from.on("error", () => {}); // "close" follows
    from.on("close", () => this.#add(undefined));
  }

  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    this.#send();
  }

  #add(bytes: Uint8Array | undefined): void {
    this.#waiting.push({ due: performance.now() + this.#delay, bytes });
    this.#send();
  }

  #send(): void {
    clearTimeout(this.#timer);
    while (!this.#isHeld && this.#waiting.length > 0) {
      const { due, bytes } = this.#waiting[0]!;
      const left = due - performance.now();
      if (left > 0) {
        this.#timer = setTimeout(() => this.#send(), left);
        return;
      }
      this.#waiting.shift();
      if (bytes === undefined) this.to.end();
      else if (!this.to.destroyed) this.to.write(bytes);
    }
  }
}

function replaced(
  bytes: Uint8Array,
  pairs: readonly (readonly [old: string, next: string])[],
): Uint8Array {
  if (pairs.length === 0) return bytes;
  const text = pairs.reduce(
    (text, [old, next]) => text.replaceAll(old, next.padEnd(old.length).slice(0, old.length)),
    Buffer.from(bytes).toString("latin1"),
  );
  return Buffer.from(text, "latin1");
}
