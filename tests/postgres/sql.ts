import { loadPackage } from "../../packages/load_package.ts";
import { PG } from "../../packages/pg.ts";

/** A connection to a server that the tests use beside the backend under test. */
export interface Sql {
  /** Runs a statement, and returns its rows. */
  query(text: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

interface Client {
  connect(): Promise<void>;
  query(text: string, values?: readonly unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
  end(): Promise<void>;
  on(event: "error", listener: () => void): void;
}

type Pg = { readonly Client: new (options: { readonly connectionString: string }) => Client };

/** Connects to the database of a URL. */
export async function connectSql(url: string): Promise<Sql> {
  const module = await loadPackage(PG, "test a Postgres store") as Pg & { readonly default?: Pg };
  const { Client } = module.Client ? module : module.default!;
  const client = new Client({ connectionString: url });
  client.on("error", () => {}); // the server was stopped: the next statement says so
  await client.connect();
  return {
    query: async (text, values) => (await client.query(text, values)).rows,
    close: () => client.end(),
  };
}
