import { chownSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "./free_port.ts";
import { owner, runAsOwner } from "./programs.ts";
import { connectSql } from "./sql.ts";
import type { PostgresServer } from "./server.ts";
import { startWatchdog } from "./watchdog.ts";

/** PgBouncer in transaction mode. It ends with this process, also when that is killed. */
export interface Pooler {
  readonly port: number;
  end(): Promise<void>;
}

/** Options of a pooler. */
export interface PoolerOptions {
  /** Number of sessions on the server for a database and role. Default: 10. */
  readonly sessions?: number;
}

/** Starts PgBouncer in front of a server. It knows the roles `stet` and `postgres`. */
export async function startPooler(
  server: PostgresServer,
  { sessions = 10 }: PoolerOptions = {},
): Promise<Pooler> {
  const folder = mkdtempSync(join(tmpdir(), "stet-pool-"));
  const port = await freePort();
  const path = (name: string): string => join(folder, name);
  writeFileSync(path("users"), `"stet" ""\n"postgres" ""\n`);
  writeFileSync(
    path("ini"),
    `[databases]
* = host=127.0.0.1 port=${server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${path("users")}
pool_mode = transaction
default_pool_size = ${sessions}
max_client_conn = 500
logfile = ${path("log")}
pidfile = ${path("pid")}
`,
  );
  for (const name of ["", "users", "ini"]) chownSync(path(name), owner!, owner!);
  const watchdog = startWatchdog(
    // Its own file goes when it ends. Its id may be a zombie's for longer.
    `kill "$(cat "$1/pid")"
    for _ in $(seq 100); do [ -e "$1/pid" ] && sleep 0.1; done
    rm -rf "$1"`,
    [folder],
  );
  try {
    await runAsOwner("pgbouncer", ["-q", "-d", path("ini")]);
    await connected(server.url({ port }));
  } catch (error) {
    await watchdog.end();
    throw error;
  }
  return { port, end: () => watchdog.end() };
}

/** Resolves when a connection succeeds: a daemon is ready some time after its start. */
async function connected(url: string): Promise<void> {
  for (let tries = 1;; tries++) {
    try {
      await (await connectSql(url)).close();
      return;
    } catch (error) {
      if (tries === 100) throw error;
      await sleep(50);
    }
  }
}
