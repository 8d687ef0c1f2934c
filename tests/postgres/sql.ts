import { loadPackage } from "../../packages/load_package.ts";
import { PG } from "../../packages/pg.ts";

/** A connection to a server of the tests, which is not the backend under test. */
export interface Sql {
  /** Runs a statement, and returns its rows. */
  query(text: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

interface Client {
  connect(): Promise<void>;
  query(text: string, values?: readonly unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
  end(): Promise<void>;
  ref(): void;
  unref(): void;
  on(event: "error", listener: () => void): void;
}

type Pg = { readonly Client: new (options: { readonly connectionString: string }) => Client };

/** Connects to the database of a URL. A connection that does nothing does not keep the process alive. */
export async function connectSql(url: string): Promise<Sql> {
  const module = await loadPackage(PG, "test a Postgres store") as Pg & { readonly default?: Pg };
  const { Client } = module.Client ? module : module.default!;
  const client = new Client({ connectionString: url });
  client.on("error", () => {}); // the server was stopped: the next statement says so
  await client.connect();
  client.unref();
  let running = 0;
  let last: Promise<unknown> = Promise.resolve(); // a client takes one statement at a time
  return {
    async query(text, values) {
      const result = last.then(() => client.query(text, values));
      last = result.catch(() => {}); // its caller gets the error
      if (++running === 1) client.ref();
      try {
        return (await result).rows;
      } finally {
        if (--running === 0) client.unref();
      }
    },
    async close() {
      await last;
      client.ref();
      await client.end();
    },
  };
}
