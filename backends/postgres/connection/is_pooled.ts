import type { Connection } from "./connection.ts";

/**
 * True if a pooler is between a connection and the server that gives it another session for each transaction. A
 * session lock would then stay with a session of others.
 *
 * A pooler names a process that is not the session's. One that keeps the session for as long as the connection
 * lasts is recognised by a second connection: while that is in a transaction, it never has the session of the
 * first one.
 */
export async function isPooled(one: Connection, other: Connection): Promise<boolean> {
  if (one.isDirect) return false;
  const before = await processOf(one);
  await other.query("BEGIN");
  try {
    const taken = await processOf(other);
    return taken === before || await processOf(one) !== before;
  } finally {
    await other.query("ROLLBACK");
  }
}

async function processOf(connection: Connection): Promise<unknown> {
  const { rows } = await connection.query("SELECT pg_backend_pid()");
  return rows[0]![0];
}
