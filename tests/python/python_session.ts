import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** A store as Python's stet, or another reader, sees it: a name of a column to Python's repr. */
export type ReprRow = Readonly<Record<string, string>>;

/** The commands of session.py. Params are Python source: `dict(alpha=1.0)`. */
export interface PythonSession {
  /** Calls a function under `@stet.once` with each params: which of them it ran. */
  run(store: string, params: readonly string[]): Promise<boolean[]>;
  /** Adds rows by a backend of Python's stet. */
  record(store: string, params: readonly string[]): Promise<void>;
  /** Which of these a backend of Python's stet has. */
  has(store: string, params: readonly string[]): Promise<boolean[]>;
  /** The rows as a backend of Python's stet loads them. */
  load(store: string): Promise<ReprRow[]>;
  /** Removes rows by a backend of Python's stet. */
  remove(store: string, params: string): Promise<void>;
  /** What pandas makes of a file. */
  pandas_types(store: string): Promise<{
    readonly types: Readonly<Record<string, string>>;
    readonly times: string;
    readonly rows: readonly Readonly<Record<string, unknown>>[];
  }>;
  /** What DuckDB makes of a file. */
  duckdb_types(store: string): Promise<{
    readonly types: Readonly<Record<string, string>>;
    readonly rows: readonly (readonly unknown[])[];
    readonly years: readonly (readonly [number])[];
  }>;
  /** What a package (`pandas`, `polars`, `duckdb`, `pyarrow`) makes of a columnar file. */
  columnar(store: string, reader: string): Promise<{
    readonly types: Readonly<Record<string, string>>;
    readonly rows: readonly Readonly<Record<string, unknown>>[];
  }>;
  /** Has a package (`pandas`, `polars`, `pyarrow`) write a columnar file of two rows. */
  make_columnar(store: string, writer: string): Promise<void>;
  /** Has pyarrow write a columnar file again, without its first row and with its last one twice. */
  edit_columnar(store: string): Promise<void>;
  /** What Python's sqlite3 answers. */
  sqlite_rows(store: string, sql: string): Promise<readonly (readonly unknown[])[]>;
}

/** The sessions of this process, by command. */
const sessions = new Map<string, PythonSession>();

/**
 * Returns a session with a Python process. All calls share one: its imports take a second. It ends with
 * this process, and does not keep it alive.
 */
export function pythonSession(command: string): PythonSession {
  const session = sessions.get(command) ?? startSession(command);
  sessions.set(command, session);
  return session;
}

function startSession(command: string): PythonSession {
  const script = fileURLToPath(new URL("session.py", import.meta.url));
  const child = spawn(command, [script], { stdio: ["pipe", "pipe", "inherit"] });
  process.once("exit", () => child.kill("SIGKILL"));
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  async function ask(...command: unknown[]): Promise<unknown> {
    setReferenced(child, true);
    child.stdin.write(JSON.stringify(command) + "\n");
    const { value, done } = await answers.next();
    setReferenced(child, false);
    if (done) throw new Error(`Python ended before it answered ${JSON.stringify(command)}`);
    const answer = JSON.parse(value);
    if (answer?.error !== undefined) throw new Error(`${JSON.stringify(command)}: ${answer.error}`);
    return answer;
  }
  return new Proxy({}, {
    get: (_, name) => (...args: unknown[]) => ask(name, ...args),
  }) as PythonSession;
}

/** Has a child and its pipes keep this process alive, or not. */
function setReferenced(child: ChildProcess, isReferenced: boolean): void {
  for (const handle of [child, child.stdin as Socket, child.stdout as Socket]) {
    if (isReferenced) handle.ref?.();
    else handle.unref?.();
  }
}
