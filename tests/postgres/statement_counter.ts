/** Codes of the requests of a client that precede its startup message, by the protocol. */
const BEFORE_STARTUP: ReadonlySet<number> = new Set([80877102, 80877103, 80877104]);

/** Types of messages that are a statement: a simple query and an execution. */
const STATEMENTS: ReadonlySet<number> = new Set([..."QE"].map((letter) => letter.charCodeAt(0)));

/**
 * Counts the statements in the bytes that a client sends, by their messages
 * (https://www.postgresql.org/docs/current/protocol-message-formats.html).
 */
export class StatementCounter {
  #rest: Uint8Array = new Uint8Array(0);
  #isStarted = false;

  /** Takes the next bytes, and returns the number of statements that began in them. */
  add(bytes: Uint8Array): number {
    const all = new Uint8Array(this.#rest.length + bytes.length);
    all.set(this.#rest);
    all.set(bytes, this.#rest.length);
    const view = new DataView(all.buffer);
    let statements = 0;
    let at = 0;
    for (;;) {
      const head = this.#isStarted ? 1 : 0; // the first messages have no type
      if (at + head + 8 - 4 * head > all.length) break;
      const end = at + head + view.getUint32(at + head);
      if (end > all.length) break;
      if (this.#isStarted) {
        if (STATEMENTS.has(all[at]!)) statements++;
      } else this.#isStarted = !BEFORE_STARTUP.has(view.getUint32(at + 4));
      at = end;
    }
    this.#rest = all.subarray(at);
    return statements;
  }
}
