import type { Pg, PgClient, PgOptions, PgQuery, PgResult } from "../../packages/pg.ts";
import { type Host, RECONNECT_MS } from "./host.ts";
import type { Server, Session } from "./server.ts";

/** Returns a package `pg` whose clients connect a host with a server. */
export function simulatedPg(host: Host, server: Server): Pg {
  return {
    Client: class extends Client {
      constructor(_options: PgOptions) {
        super(host, server);
      }
    },
    types: { getTypeParser: () => (text) => text },
  };
}

/** A statement whose answer is waited for. */
interface Pending {
  readonly resolve: (result: PgResult) => void;
  readonly reject: (error: unknown) => void;
}

class Client implements PgClient {
  readonly #host: Host;
  readonly #server: Server;
  readonly #listeners: ((error: Error) => void)[] = [];
  #session: Session | undefined;
  #pending: Pending | undefined;
  #isOver = false;
  readonly connection = { stream: { destroy: (): void => this.#destroy() } };

  constructor(host: Host, server: Server) {
    this.#host = host;
    this.#server = server;
  }

  get processID(): number | null {
    return this.#session?.processId ?? null;
  }

  connect(): Promise<unknown> {
    const host = this.#host;
    return new Promise<void>((resolve, reject) => {
      this.#pending = { resolve: () => resolve(), reject };
      host.carry(() => {
        if (this.#isOver) return;
        const refusal = this.#server.refusal();
        if (refusal) return host.carry(() => host.run(() => this.#lose(refusal)));
        const session = this.#server.open(host, {
          answer: (result) => host.carry(() => host.run(() => this.#answer(result))),
          refuse: (error) => host.carry(() => host.run(() => this.#fail(error))),
          end: (error) => host.carryOnce(() => host.run(() => this.#lose(error))),
        });
        this.#session = session;
        host.carry(() => host.run(() => this.#answer(undefined)));
      }, RECONNECT_MS);
    });
  }

  query({ text, values }: PgQuery): Promise<PgResult> {
    const session = this.#session!;
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject };
      this.#host.carry(() => this.#server.receive(session, text, values ?? []));
    });
  }

  end(): Promise<void> {
    this.#isOver = true;
    const session = this.#session;
    return new Promise((resolve) => {
      this.#host.carry(() => {
        if (session) this.#server.end(session);
        this.#host.carry(() => this.#host.run(resolve));
      });
    });
  }

  on(_event: "error" | "end", listener: (error: Error) => void): void {
    this.#listeners.push(listener);
  }

  ref(): void {}
  unref(): void {}

  #take(): Pending | undefined {
    const pending = this.#pending;
    this.#pending = undefined;
    return pending;
  }

  #answer(result: PgResult | undefined): void {
    if (!this.#isOver) this.#take()?.resolve(result!);
  }

  #fail(error: unknown): void {
    if (!this.#isOver) this.#take()?.reject(error);
  }

  #lose(error: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#take()?.reject(error);
    for (const listener of this.#listeners) listener(error);
  }

  #destroy(): void {
    const session = this.#session;
    this.#lose(new Error("Connection terminated"));
    if (session) this.#host.carry(() => this.#server.end(session));
  }
}
