import { spawn } from "node:child_process";
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

/** Runs a body with a Python process that does what it asks; ends the process. */
export async function inPython(
  command: string,
  body: (python: PythonSession) => Promise<void>,
): Promise<void> {
  const script = fileURLToPath(new URL("session.py", import.meta.url));
  const child = spawn(command, [script], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (...command: unknown[]): Promise<unknown> => {
    child.stdin.write(JSON.stringify(command) + "\n");
    const { value, done } = await answers.next();
    if (done) throw new Error(`Python ended before it answered ${JSON.stringify(command)}`);
    const answer = JSON.parse(value);
    if (answer?.error !== undefined) throw new Error(`${JSON.stringify(command)}: ${answer.error}`);
    return answer;
  };
  const session = new Proxy({}, {
    get: (_, name) => (...args: unknown[]) => ask(name, ...args),
  }) as PythonSession;
  try {
    await body(session);
  } finally {
    child.stdin.end();
    await ended;
  }
}
