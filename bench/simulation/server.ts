import type { PgResult } from "../../packages/pg.ts";
import { Database, Transaction } from "./database.ts";
import type { Host } from "./host.ts";
import type { Timeline } from "./timeline.ts";

/** Number of statements that are executed at a time; others wait. */
const SLOTS = 16;
/** Time of a statement, and of each key or row in it, in milliseconds: 16,000 keys a second in all. */
const STATEMENT_MS = 1, ITEM_MS = 1;
/** Settings of connections (backends/postgres/connection/connection.ts): probes of a peer that is silent. */
const KEEP_ALIVE_MS = 10_000, PEER_MS = 30_000;

/** The client of a session. */
export interface Peer {
  answer(result: PgResult): void;
  refuse(error: Error): void;
  end(error: Error): void;
}

/** A session of the server. */
export interface Session {
  readonly processId: number;
  readonly host: Host;
  readonly peer: Peer;
  isAlive: boolean;
  /** Time of the last packet of its client. */
  heard: number;
  transaction: Transaction | undefined;
}

/** An error of the server. */
export function serverError(code: string, severity: "ERROR" | "FATAL", message: string): Error {
  return Object.assign(new Error(message), { code, severity });
}

/** A PostgreSQL server: its sessions, and the time that statements take. Its tables are in {@link Database}. */
export class Server {
  readonly #timeline: Timeline;
  readonly database: Database;
  readonly sessions = new Set<Session>();
  readonly #free: number[] = Array(SLOTS).fill(0);
  #state: "up" | "down" | "starting" = "up";
  #processes = 1000;
  /** Counts of what happened. */
  readonly counts = { statements: 0, sessions: 0, deadlocks: 0 };

  constructor(timeline: Timeline, keys: number) {
    this.#timeline = timeline;
    this.database = new Database(timeline, keys);
  }

  /** Returns the error of a client that connects now, undefined if it may. */
  refusal(): Error | undefined {
    if (this.#state === "up") return undefined;
    return this.#state === "starting"
      ? serverError("57P03", "FATAL", "the database system is starting up")
      : Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
  }

  open(host: Host, peer: Peer): Session {
    const processId = this.#processes++;
    const session: Session = {
      processId,
      host,
      peer,
      isAlive: true,
      heard: this.#timeline.now,
      transaction: undefined,
    };
    this.sessions.add(session);
    this.counts.sessions = Math.max(this.counts.sessions, this.sessions.size);
    return session;
  }

  /** Ends a session: its locks are free once its statement is over. */
  end(session: Session, error?: Error): void {
    if (!session.isAlive) return;
    session.isAlive = false;
    this.sessions.delete(session);
    session.host.onSessionEnd();
    if (error) session.peer.end(error);
    if (!session.transaction) this.database.releaseLocks(session);
  }

  /** Ends the sessions of a host that is cut off, once they have not been heard of for too long. */
  watch(host: Host): void {
    const cut = this.#timeline.now;
    for (const session of this.sessions) {
      if (session.host !== host) continue;
      const probes = Math.floor((cut - session.heard) / KEEP_ALIVE_MS);
      const heard = session.heard + probes * KEEP_ALIVE_MS;
      this.#timeline.at(heard + PEER_MS, () => {
        if (host.wasCutSince(cut)) this.end(session);
      });
    }
  }

  /** Ends the sessions of a process that has ended: its system closes its connections. */
  leave(host: Host): void {
    for (const session of this.sessions) {
      if (session.host === host) host.carry(() => this.end(session));
    }
  }

  /** Resets all connections of a host. */
  reset(host: Host): void {
    for (const session of this.sessions) {
      if (session.host !== host) continue;
      this.end(session, Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" }));
    }
  }

  /** Restarts: statements under way are rolled back, sessions and their locks end. */
  restart(downMs: number): void {
    this.#state = "down";
    const error = serverError("57P01", "FATAL", "terminating connection due to restart");
    for (const session of this.sessions) {
      session.transaction?.abort();
      session.transaction = undefined;
      this.end(session, error);
    }
    this.#free.fill(0);
    this.#timeline.at(this.#timeline.now + downMs * 0.8, () => this.#state = "starting");
    this.#timeline.at(this.#timeline.now + downMs, () => {
      this.#state = "up";
      this.database.started = this.#timeline.now;
    });
  }

  /** Receives a statement, or several with `;` between them. */
  receive(session: Session, text: string, values: readonly unknown[]): void {
    if (!session.isAlive) {
      session.peer.end(Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" }));
      return;
    }
    session.heard = this.#timeline.now;
    this.counts.statements++;
    const isScript = text.startsWith("BEGIN ISOLATION LEVEL READ COMMITTED;\n");
    const statements = isScript ? text.split(";\n").slice(1, -1) : [text];
    this.#execute(session, statements, values, isScript)
      .catch((error: unknown) => this.#timeline.break(error));
  }

  async #execute(
    session: Session,
    statements: readonly string[],
    values: readonly unknown[],
    isScript: boolean,
  ): Promise<void> {
    const { database } = this;
    const transaction = new Transaction(session);
    session.transaction = transaction;
    const ms = STATEMENT_MS + ITEM_MS * this.database.itemsOf(statements[0]!, values);
    const slot = this.#free.indexOf(Math.min(...this.#free));
    const start = Math.max(this.#free[slot]!, this.#timeline.now);
    this.#free[slot] = start + ms;
    await this.#timeline.sleep(start - this.#timeline.now);
    const results: PgResult[] = [];
    let refusal: Error | undefined;
    try {
      for (const statement of statements) {
        if (transaction.isOver) return;
        results.push(await database.execute(transaction, statement, values));
        await this.#timeline.sleep(ms / statements.length); // rows are written, the log is synced
      }
    } catch (error) {
      if ((error as { severity?: string }).severity !== "ERROR") throw error;
      this.counts.deadlocks++;
      refusal = error as Error;
    }
    if (transaction.isOver) return; // the server was restarted
    if (refusal) transaction.abort();
    else transaction.commit();
    session.transaction = undefined;
    if (!session.host.isCut) session.heard = this.#timeline.now; // the answer is acknowledged
    if (!session.isAlive) this.database.releaseLocks(session);
    // The answer to a client that is gone is lost, but not what was done.
    if (refusal) session.peer.refuse(refusal);
    else if (isScript) {
      const none: PgResult = { rows: [], fields: [], rowCount: 0 };
      session.peer.answer([none, ...results, none] as unknown as PgResult);
    } else session.peer.answer(results[0]!);
  }
}
