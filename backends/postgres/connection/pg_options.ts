import fs from "node:fs";
import os from "node:os";
import process from "node:process";
import { messageOf, StoreError } from "../../../core/errors.ts";
import { VERSION } from "../../../core/runtime/version.ts";
import type { PgOptions, PgTls } from "../../../packages/pg.ts";
import { readPgpass } from "./pgpass.ts";
import type { PostgresUrl, SslMode } from "./postgres_url.ts";

/** Time after which the operating system asks whether an idle peer is there, in milliseconds. */
const KEEP_ALIVE_MS = 10_000;

/** The options of connections, and whether one without TLS may follow. */
export interface Connecting {
  readonly options: PgOptions;
  /** True if a server without TLS is connected to all the same. */
  readonly isTlsOptional: boolean;
}

/**
 * Returns the options of connections to a store. What the URL leaves out is taken from the variables of
 * libpq (https://www.postgresql.org/docs/current/libpq-envars.html).
 *
 * @throws {StoreError} If the root certificate cannot be read.
 */
export function pgOptions(url: PostgresUrl): Connecting {
  const { env } = process;
  const host = url.host ?? (env["PGHOST"] || "localhost");
  const port = url.port ?? Number(env["PGPORT"] || 5432);
  const user = url.user ?? (env["PGUSER"] || systemUser());
  const database = url.database ?? (env["PGDATABASE"] || user);
  const sslmode = url.sslmode ?? (env["PGSSLMODE"] as SslMode | undefined) ?? "prefer";
  const rootcert = url.sslrootcert ?? (env["PGSSLROOTCERT"] || undefined);
  const password = url.password ?? (env["PGPASSWORD"] || undefined);
  const hasTls = sslmode !== "disable" && !host.startsWith("/");
  return {
    options: {
      host,
      port,
      user,
      database,
      // Read at each connection: it may have changed since.
      password: async () => password ?? readPgpass({ host, port, database, user }) ?? "",
      ssl: hasTls && tlsOf(url, sslmode, rootcert),
      application_name: `stet ${VERSION}`,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
      types: { getTypeParser: () => (text) => text },
    },
    isTlsOptional: sslmode === "prefer",
  };
}

/** With a root certificate the server's one is checked, as libpq does; without, only `verify-…` checks. */
function tlsOf(url: PostgresUrl, sslmode: SslMode, rootcert: string | undefined): PgTls {
  const isVerified = /^verify-/.test(sslmode) || sslmode === "require" && rootcert !== undefined;
  if (!isVerified) return { rejectUnauthorized: false };
  return {
    rejectUnauthorized: true,
    ...rootcert !== undefined && rootcert !== "system" && { ca: readCertificate(url, rootcert) },
    ...sslmode !== "verify-full" && { checkServerIdentity: () => undefined },
  };
}

function readCertificate({ location }: PostgresUrl, file: string): string {
  try {
    return fs.readFileSync(file, "utf8");
  } catch (error) {
    throw new StoreError(
      `Cannot open store "${location}": its sslrootcert "${file}" cannot be read: ` +
        `${messageOf(error)}; give the file of a certificate, or "system"`,
      { cause: error },
    );
  }
}

function systemUser(): string {
  try {
    return os.userInfo().username;
  } catch {
    return "postgres"; // hidden by permissions
  }
}
