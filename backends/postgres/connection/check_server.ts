import { StoreError } from "../../../core/errors.ts";
import type { ServerFacts } from "./connection.ts";

/** The oldest server with all that is used. */
const MIN_VERSION = 130_000;

/** @throws {StoreError} If stores cannot be kept on a server. */
export function checkServer(
  { version, versionNumber, encoding }: ServerFacts,
  location: string,
): void {
  const refusal = (state: string): StoreError =>
    new StoreError(`Cannot open store "${location}": ${state}`);
  const other = /CockroachDB|Redshift|Greenplum|Materialize|YugabyteDB|-YB-/i.exec(version)?.[0];
  if (other !== undefined) {
    const name = other === "-YB-" ? "YugabyteDB" : other;
    throw refusal(`the server is ${name}, on which stet was not tested; use PostgreSQL`);
  }
  if (versionNumber < MIN_VERSION) {
    const number = /\d+(?:\.\d+)*/.exec(version)?.[0] ?? version;
    throw refusal(`the server is PostgreSQL ${number}, and must be 13 or newer; update it`);
  }
  if (encoding !== "UTF8") {
    throw refusal(`the encoding of its database is ${encoding}, and must be UTF8; choose another`);
  }
}
