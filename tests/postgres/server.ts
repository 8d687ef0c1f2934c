import { appendFileSync, chownSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./free_port.ts";
import { asOwner, owner, runAsOwner } from "./programs.ts";
import { connectSql, type Sql } from "./sql.ts";
import { startWatchdog } from "./watchdog.ts";

/** Number of ports that are tried: another process can take a free one before the server does. */
const MAX_STARTS = 3;

/** Time limit of a start and of a stop, in seconds. */
const PATIENCE = "120";

/** Options of a server. */
export interface ServerOptions {
  /** True if the server calls fsync. Default: false, which is quicker, and survives the death of a process. */
  readonly isDurable?: boolean;
  /** Addresses to listen on besides 127.0.0.1. Default: none. */
  readonly addresses?: readonly string[];
  /** More lines of `postgresql.conf`. Default: none. */
  readonly settings?: readonly string[];
}

/** Parts of the URL of a database. */
export interface UrlParts {
  /** Default: `stet`. */
  readonly user?: string;
  /** Default: none. */
  readonly password?: string | undefined;
  readonly host?: string;
  /** Port, such as that of a proxy. Default: the server's. */
  readonly port?: number;
  /** Default: `stet`. */
  readonly database?: string;
  /** Parameters after `?`. Default: none. */
  readonly params?: Readonly<Record<string, string | number>>;
}

/** A PostgreSQL server of this process. It ends with the process, also when that is killed. */
export interface PostgresServer {
  readonly port: number;
  /** Folder of the server. It is removed when the server ends. */
  readonly folder: string;
  /** Returns the URL of a database. */
  url(parts?: UrlParts): string;
  /** Connects as the superuser. */
  connect(database?: string): Promise<Sql>;
  /** Stops the server and starts it again. `"fast"` ends its sessions, `"immediate"` is a crash. */
  restart(mode: "fast" | "immediate"): Promise<void>;
  /** Ends the server, and removes its folder. */
  end(): Promise<void>;
}

/**
 * Starts a server on a free port of 127.0.0.1, in a folder of its own.
 *
 * The role `stet` owns the database `stet`. It and the superuser `postgres` need no password. Other roles
 * need theirs (SCRAM).
 */
export async function startServer(options: ServerOptions = {}): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), "stet-pg-")); // short: the path of a socket has 107 bytes
  chownSync(folder, owner!, owner!);
  const data = join(folder, "data");
  const stop = (
    mode: "fast" | "immediate",
  ): string[] => ["-D", data, "-m", mode, "-w", "-t", PATIENCE, "stop"];
  const start = ["-D", data, "-l", join(folder, "log"), "-w", "-t", PATIENCE, "start"];
  const watchdog = startWatchdog(`folder=$1; shift; "$@"; rm -rf "$folder"`, [
    folder,
    ...asOwner("pg_ctl", stop("immediate")),
  ]);
  let port = 0;
  try {
    await runAsOwner("initdb", [
      ...["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"],
      ...["--no-sync", "--no-instructions"],
    ]);
    appendFileSync(join(data, "postgresql.conf"), `\n${settingsOf(folder, options).join("\n")}\n`);
    writeFileSync(join(data, "pg_hba.conf"), HBA); // the owner is the one of the file that initdb made
    for (let tries = 1;; tries++) {
      port = await freePort();
      appendFileSync(join(data, "postgresql.conf"), `port = ${port}\n`); // the last one counts
      try {
        await runAsOwner("pg_ctl", start);
        break;
      } catch (error) {
        if (tries === MAX_STARTS) throw error;
      }
    }
    const superuser = await connectSql(`postgresql://postgres@127.0.0.1:${port}/postgres`);
    await superuser.query("CREATE ROLE stet LOGIN");
    await superuser.query("CREATE DATABASE stet OWNER stet");
    await superuser.close();
  } catch (error) {
    await watchdog.end();
    throw error;
  }
  return {
    port,
    folder,
    url: (parts) => urlOf(port, parts),
    connect: (database = "stet") => connectSql(urlOf(port, { user: "postgres", database })),
    async restart(mode) {
      await runAsOwner("pg_ctl", stop(mode));
      await runAsOwner("pg_ctl", start);
    },
    end: () => watchdog.end(),
  };
}

/** Rules of access. The first that fits counts. */
const HBA = `local all postgres trust
host all postgres,stet all trust
host all all all scram-sha-256
`;

function settingsOf(folder: string, options: ServerOptions): string[] {
  const { isDurable = false, addresses = [], settings = [] } = options;
  return [
    `listen_addresses = '${["127.0.0.1", ...addresses].join(",")}'`,
    `unix_socket_directories = '${folder}'`,
    "authentication_timeout = 5s", // a half-open connection delays a restart by it
    "max_connections = 200",
    ...isDurable ? [] : ["fsync = off", "full_page_writes = off"],
    ...settings,
  ];
}

function urlOf(port: number, parts: UrlParts = {}): string {
  const { user = "stet", password, host = "127.0.0.1", database = "stet", params = {} } = parts;
  const url = new URL(`postgresql://${host}:${parts.port ?? port}/${database}`);
  url.username = encodeURIComponent(user);
  if (password !== undefined) url.password = encodeURIComponent(password);
  for (const [name, value] of Object.entries(params)) url.searchParams.set(name, String(value));
  return url.href;
}
