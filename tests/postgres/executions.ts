import { connectSql } from "./sql.ts";

/** One execution of a key, as the function that ran noted it. */
export interface Execution {
  readonly n: number;
  readonly owner: string;
}

/** Makes the tables in which workers note what they do: not through the code under test. */
export async function makeExecutions(url: string): Promise<void> {
  const sql = await connectSql(url);
  await sql.query(
    "CREATE TABLE executions (id text PRIMARY KEY, n integer, owner text, at timestamptz DEFAULT now())",
  );
  await sql.query("CREATE TABLE workers (owner text PRIMARY KEY, pid integer)");
  await sql.close();
}

/** Returns the executions so far, in their order. */
export async function executionsIn(url: string): Promise<Execution[]> {
  const sql = await connectSql(url);
  const rows = await sql.query("SELECT n, owner FROM executions ORDER BY at");
  await sql.close();
  return rows as unknown as Execution[];
}

/** Returns the process id of a worker, or undefined while it has not begun. A runtime's command can be a shim. */
export async function pidOf(url: string, owner: string): Promise<number | undefined> {
  const sql = await connectSql(url);
  const [row] = await sql.query("SELECT pid FROM workers WHERE owner = $1", [owner]);
  await sql.close();
  return row?.["pid"] as number | undefined;
}
