import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { loadPg } from "../../packages/pg.ts";

/** Root of the versions of PostgreSQL that Debian installs. */
const DEBIAN = "/usr/lib/postgresql";

/** Returns the folder of `initdb` and `pg_ctl`, or undefined. */
function findServer(): string | undefined {
  const { stdout } = spawnSync("pg_config", ["--bindir"], { encoding: "utf8" });
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => +b - +a) : [];
  const folders = [
    (stdout ?? "").trim(),
    ...versions.map((version) => join(DEBIAN, version, "bin")),
  ];
  return folders.find((folder) => folder !== "" && existsSync(join(folder, "initdb")));
}

/** Returns the path of PgBouncer, or undefined. */
function findPooler(): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(":"), "/usr/sbin"];
  return folders.map((folder) => join(folder, "pgbouncer")).find((path) => existsSync(path));
}

/** Returns the id of a user of this machine, or undefined. */
function userId(name: string): number | undefined {
  const { status, stdout } = spawnSync("id", ["-u", name], { encoding: "utf8" });
  return status === 0 ? Number(stdout) : undefined;
}

const isRoot = process.getuid?.() === 0;
const folder = findServer();
const pooler = findPooler();

/** Id of the user that servers run as. Both programs refuse root. */
export const owner: number | undefined = isRoot ? userId("postgres") : process.getuid?.();

async function reasonOfSkip(): Promise<string | false> {
  if (folder === undefined) return "PostgreSQL is not installed: no initdb";
  if (owner === undefined) return "PostgreSQL refuses root, and there is no user postgres";
  try {
    await loadPg("test a Postgres store");
    return false;
  } catch (error) {
    return String(error);
  }
}

/** Reason to skip the tests that need a server; false if there is one. */
export const postgresSkip: string | false = await reasonOfSkip();

/** Reason to skip the tests that need a server and a pooler; false if both are there. */
export const poolerSkip: string | false = postgresSkip ||
  (pooler === undefined && "PgBouncer is not installed");

/** Returns the command line of a program as the user that servers run as. */
export function asOwner(program: string, args: readonly string[]): readonly [string, ...string[]] {
  const path = program === "pgbouncer" ? pooler! : join(folder!, program);
  return isRoot ? ["runuser", "-u", "postgres", "--", path, ...args] : [path, ...args];
}

/**
 * Runs a program to its end as the user that servers run as.
 *
 * @throws {Error} If it fails: with what it printed.
 */
export async function runAsOwner(program: string, args: readonly string[]): Promise<void> {
  const [command, ...rest] = asOwner(program, args);
  const child = spawn(command, rest, { stdio: ["ignore", "ignore", "pipe"], cwd: "/" });
  let message = "";
  child.stderr!.on("data", (text) => message += text);
  const code = await new Promise<number | string>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(code ?? signal!));
  });
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${message}`);
}
