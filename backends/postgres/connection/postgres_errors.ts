import { FormatError, messageOf, StoreError } from "../../../core/errors.ts";

/** A connection was lost, or a statement took too long. It may have been executed. */
export class ConnectionError extends Error {
  override name = "ConnectionError";
  /** False if the statement cannot have been executed. */
  readonly isInDoubt: boolean;

  constructor(message: string, isInDoubt: boolean, options?: ErrorOptions) {
    super(message, options);
    this.isInDoubt = isInDoubt;
  }
}

/** Returns the SQLSTATE of an error of the server, or the code of an error of the system; empty if it has none. */
export function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === "string" ? code : "";
}

/** True if an error is of the server, and its connection can be used further. */
export function isServerError(error: unknown): boolean {
  const { severity } = (error ?? {}) as { severity?: unknown };
  return severity === "ERROR";
}

/**
 * True if the server refuses connections for a while: it starts or stops, has no connection left, or a pooler
 * has lost it.
 */
export function isPassing(error: unknown): boolean {
  const code = codeOf(error);
  if (
    /^(?:57P0[123]|53300|08.*|ECONN.*|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN)$/.test(
      code,
    )
  ) {
    return true;
  }
  return error instanceof ConnectionError ||
    /Connection terminated|timeout expired|closed the connection/i.test(messageOf(error));
}

/** True if a statement was ended for the sake of another, and can be sent again: nothing was done. */
export function isCollision(error: unknown): boolean {
  return /^(?:40001|40P01|55P03)$/.test(codeOf(error));
}

/** True if the tables are other than they were when the statement was made. */
export function isStale(error: unknown): boolean {
  return /^(?:42P01|42703|42883|42804|42P10|22P02|0A000|XX000)$/.test(codeOf(error)) &&
    !/permission/.test(messageOf(error));
}

/**
 * Returns an error of a connection or statement as one of the store.
 *
 * @param location The store in messages.
 * @param activity States what could not be done: `use`, `open`.
 */
export function storeError(error: unknown, location: string, activity = "use"): Error {
  if (error instanceof StoreError || error instanceof TypeError || error instanceof RangeError) {
    return error;
  }
  const cannot = `Cannot ${activity} store "${location}": `;
  const code = codeOf(error);
  const message = messageOf(error).replace(/\.$/, "");
  const refused = (state: string): StoreError => new StoreError(cannot + state, { cause: error });
  switch (code) {
    case "28P01":
    case "28000":
      return refused(
        `${message}; check user and password: in the URL, PGPASSWORD or the file ~/.pgpass`,
      );
    case "3D000":
      return refused(`${message}; create it, or check the URL`);
    case "3F000":
      return refused(`${message}; create it, or check ?schema=`);
    case "42501":
      return refused(
        `${message}; it needs USAGE and CREATE on its schema and must own its table, or SELECT on its ` +
          `tables to read`,
      );
    case "25006":
      return refused(`${message}; connect to the primary server to write`);
    case "53100":
      return refused(`${message}; the server's disk is full`);
    case "ENOTFOUND":
      return refused(`${message}; check the host in the URL`);
    case "ECONNREFUSED":
      return refused(`${message}; check that the server runs, and host and port in the URL`);
  }
  if (/does not support SSL/.test(message)) {
    return refused(
      `the server has no TLS; enable it there, or give sslmode=disable if the network is safe`,
    );
  }
  if (/certificate|self.signed|altnames/i.test(`${code} ${message}`)) {
    return refused(
      `its certificate is not trusted: ${message}; give the root certificate as sslrootcert=…`,
    );
  }
  if (/^XX00[12]$/.test(code)) return new FormatError(cannot + message, { cause: error });
  return refused(message);
}
