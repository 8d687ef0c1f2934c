import { StoreError } from "../core/errors.ts";
import { missingPermission } from "../core/runtime/missing_permission.ts";
import { loadPackage, type OptionalPackage } from "./load_package.ts";

/** The package. */
export const PG: OptionalPackage = { name: "pg", version: "^8.23.1" };

/** The part of `pg` that is used, in types of our own, as in duckdb.ts. */
export interface Pg {
  readonly Client: new (options: PgOptions) => PgClient;
  /** Parsers of its own of the texts of values, by type. */
  readonly types: { getTypeParser(oid: number): (text: string) => unknown };
}

/** Options of a connection (https://node-postgres.com/apis/client). */
export interface PgOptions {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly password: () => Promise<string | undefined>;
  readonly ssl: false | PgTls;
  readonly application_name: string;
  readonly keepAlive: boolean;
  readonly keepAliveInitialDelayMillis: number;
  readonly types: { getTypeParser(oid: number, format?: string): (text: string) => unknown };
}

/** Options of TLS, as of `node:tls`. */
export interface PgTls {
  readonly rejectUnauthorized: boolean;
  readonly ca?: string;
  readonly checkServerIdentity?: () => undefined;
}

/** A connection. It takes one statement at a time. */
export interface PgClient {
  connect(): Promise<unknown>;
  query(query: PgQuery): Promise<PgResult>;
  /** Says goodbye, and ends when the server has closed the connection. */
  end(): Promise<void>;
  on(event: "error" | "end", listener: (error: Error) => void): void;
  /** Lets the connection keep the process alive, as it does at first, or not. */
  ref(): void;
  unref(): void;
  /** The process that the server, or a pooler, said it has. */
  readonly processID: number | null;
  readonly connection: { readonly stream: { destroy(): void } };
}

/** A statement without a name, whose rows are arrays. */
export interface PgQuery {
  readonly text: string;
  readonly values?: readonly unknown[];
  readonly rowMode: "array";
}

/** The result of a statement. */
export interface PgResult {
  readonly rows: unknown[][];
  readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[];
  readonly rowCount: number | null;
}

/**
 * Loads `pg` when the first Postgres store is opened.
 *
 * @param purpose The use of it, as the error says.
 * @throws {StoreError} If it is not installed, or Deno does not let it read its variables.
 */
export async function loadPg(purpose: string): Promise<Pg> {
  if (missingPermission([{ name: "env", variable: "PGPASSWORD" }])) {
    throw new StoreError(
      `Cannot ${purpose}: the package pg has no access to its environment variables; ` +
        "Deno runs it with --allow-env='PG*'",
    );
  }
  const module = await loadPackage(PG, purpose) as Pg & { readonly default?: Pg };
  return module.Client ? module : module.default!;
}
