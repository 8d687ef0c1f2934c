import { StoreError } from "../../../core/errors.ts";
import { shownLocation } from "../../../core/runtime/shown_location.ts";

/** Default name of the table, as in SQLite. */
const DEFAULT_TABLE = "stet_records";
const DEFAULT_PORT = 5432;
const DEFAULT_LEASE_SECONDS = 30;
const DEFAULT_POOL = 4;
/** Maximum length of a name in PostgreSQL, in bytes. */
export const MAX_NAME_BYTES = 63;
/** Names of the tables of claims and failures. */
const OWN_TABLES = /^stet_(?:stores|owners|claims|failures)$/;

const SSL_MODES = [
  "disable",
  "prefer",
  "require",
  "no-verify",
  "verify-ca",
  "verify-full",
] as const;

/** Use of TLS, as libpq has it; `no-verify` is `require` without the check of a given root certificate. */
export type SslMode = typeof SSL_MODES[number];

/** Where a store is, and how it is used. */
export interface PostgresUrl {
  /** The URL without user and secrets, for messages: the identity of the store. */
  readonly location: string;
  /** Name or address of the server; a path is the folder of its socket. Default: that of PGHOST. */
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly database: string | undefined;
  /** Undefined: the first schema of the search path. */
  readonly schema: string | undefined;
  readonly table: string;
  /** False if the table is the default one. */
  readonly isTableGiven: boolean;
  readonly sslmode: SslMode | undefined;
  readonly sslrootcert: string | undefined;
  readonly leaseSeconds: number;
  /** Undefined: by session, behind a pooler by lease. */
  readonly claims: "session" | "lease" | undefined;
  /** Maximum number of connections. */
  readonly pool: number;
}

/**
 * Parses the URL of a store.
 *
 * @throws {StoreError} If it makes no sense. Its message holds no password.
 */
export function parsePostgresUrl(text: string): PostgresUrl {
  const refusal = (state: string): StoreError =>
    new StoreError(`Cannot open store "${shownLocation(text)}": ${state}`);
  const url = URL.parse(text.replace(/^[a-z0-9]+(?:\+\w+)?:/i, "postgresql:"));
  if (!url || url.hash !== "" || url.pathname.indexOf("/", 1) !== -1) {
    throw refusal(
      `it is no URL of a database; one is like postgresql://user@host:5432/database, with %2F for "/", ` +
        `%40 for "@" and %23 for "#" in a password`,
    );
  }
  const parameters = new Map<string, string>();
  for (const [name, value] of url.searchParams) {
    if (!PARAMETERS.includes(name)) {
      throw refusal(`it has no parameter "${name}", only ${PARAMETERS.join(", ")}`);
    }
    if (value !== "") parameters.set(name, value);
  }

  function choiceOf<T extends string>(name: string, choices: readonly T[]): T | undefined {
    const value = parameters.get(name);
    if (value === undefined || choices.includes(value as T)) return value as T | undefined;
    throw refusal(`${name} must be one of ${choices.join(", ")}`);
  }

  function numberOf(name: string, least: number, most: number): number | undefined {
    const value = parameters.get(name);
    if (value === undefined) return undefined;
    const number = value.trim() === "" ? NaN : Number(value);
    if (number >= least && number <= most) return number;
    throw refusal(`${name} must be from ${least} to ${most}`);
  }

  function nameOf(name: string): string | undefined {
    const value = parameters.get(name);
    if (value === undefined) return undefined;
    checkName(name, value, refusal);
    return value;
  }

  const table = nameOf("table") ?? DEFAULT_TABLE;
  checkTable(table, refusal);
  const schema = nameOf("schema");
  const host = parameters.get("host") ??
    (decoded(url.hostname).replace(/^\[|\]$/g, "") || undefined);
  const port = numberOf("port", 1, 65_535) ?? (url.port === "" ? undefined : Number(url.port));
  const database = decoded(url.pathname.slice(1)) || undefined;
  const pool = numberOf("pool", 2, 100) ?? DEFAULT_POOL;
  return {
    location: locationOf({ host, port, database, schema, table }),
    host,
    port,
    user: decoded(url.username) || undefined,
    password: decoded(url.password) || parameters.get("password"),
    database,
    schema,
    table,
    isTableGiven: parameters.has("table"),
    sslmode: choiceOf("sslmode", SSL_MODES),
    sslrootcert: parameters.get("sslrootcert"),
    leaseSeconds: numberOf("lease_seconds", 1, 86_400) ?? DEFAULT_LEASE_SECONDS,
    claims: choiceOf("claims", ["session", "lease"] as const),
    pool: Math.floor(pool),
  };
}

const PARAMETERS: readonly string[] = [
  "table",
  "schema",
  "sslmode",
  "sslrootcert",
  "lease_seconds",
  "claims",
  "pool",
  "host",
  "port",
  "password",
];

/** Returns the URL of another table of the same database. @throws {StoreError} If it cannot have that name. */
export function withTable(url: PostgresUrl, table: string): PostgresUrl {
  const refusal = (state: string): StoreError =>
    new StoreError(`Cannot open store "${url.location}": ${state}`);
  checkName("table", table, refusal);
  checkTable(table, refusal);
  return { ...url, table, isTableGiven: true, location: locationOf({ ...url, table }) };
}

function checkName(name: string, value: string, refusal: (state: string) => StoreError): void {
  const isLong = new TextEncoder().encode(value).length > MAX_NAME_BYTES;
  if (value !== "" && !isLong && !/[\p{Cc}\p{Cs}]/u.test(value)) return;
  throw refusal(`${name} must have 1 to ${MAX_NAME_BYTES} bytes, and no control characters`);
}

function checkTable(table: string, refusal: (state: string) => StoreError): void {
  if (!OWN_TABLES.test(table)) return;
  throw refusal(`the table "${table}" holds claims or failures of stores; choose another name`);
}

function locationOf(
  { host, port, database, schema, table }: Pick<
    PostgresUrl,
    "host" | "port" | "database" | "schema" | "table"
  >,
): string {
  const query = new URLSearchParams();
  if (host?.startsWith("/")) query.set("host", host);
  if (schema !== undefined) query.set("schema", schema);
  if (table !== DEFAULT_TABLE) query.set("table", table);
  const shownHost = host === undefined || host.startsWith("/")
    ? ""
    : host.includes(":")
    ? `[${host}]`
    : host;
  const shownPort = port === undefined || port === DEFAULT_PORT ? "" : `:${port}`;
  const shownQuery = query.size > 0 ? `?${query}` : "";
  return `postgresql://${shownHost}${shownPort}/${encodeURIComponent(database ?? "")}${shownQuery}`;
}

/** A text that is not percent-encoded as a whole is itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
