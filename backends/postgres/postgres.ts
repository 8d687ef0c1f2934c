import type { OpenOptions } from "../../core/contract/backend.ts";
import { StoreError } from "../../core/errors.ts";
import { missingPermission } from "../../core/runtime/missing_permission.ts";
import { loadPg } from "../../packages/pg.ts";
import { Connections } from "./connection/connections.ts";
import { pgOptions } from "./connection/pg_options.ts";
import { storeError } from "./connection/postgres_errors.ts";
import { parsePostgresUrl, withTable } from "./connection/postgres_url.ts";
import { PostgresBackend } from "./postgres_backend.ts";
import type { PostgresEngine } from "./postgres_engine.ts";
import { PostgresRecords } from "./records/postgres_records.ts";
import { recordsIn } from "./records/records_in.ts";

/**
 * Opens the store in a database: the table of a `Store` if that is asked for, or the one that is there.
 *
 * @throws {StoreError} If the URL makes no sense, the package is missing, or the server refuses.
 */
export async function open(
  location: string,
  { warn = console.warn, records }: OpenOptions,
): Promise<PostgresEngine> {
  const given = parsePostgresUrl(location);
  const url = records ? withTable(given, records.table) : given;
  const pg = await loadPg(`open store "${url.location}"`);
  const { host, port } = pgOptions(url).options;
  if (!host.startsWith("/") && missingPermission([{ name: "net", host: `${host}:${port}` }])) {
    throw new StoreError(
      `Cannot open store "${url.location}": Deno gives this program no access to it; start it with ` +
        `--allow-net=${host}:${port}`,
    );
  }
  // One connection is that of the session that holds the lock of claims.
  const connections = new Connections(pg, url, url.pool - 1);
  try {
    const schema = url.schema ?? await connections.use(async ({ facts }) => facts.schema);
    if (schema === undefined) {
      throw new StoreError(
        `Cannot open store "${url.location}": no schema of the search path exists; give ?schema=…`,
      );
    }
    const found = records?.table ??
      await recordsIn(connections, schema, given.isTableGiven ? given.table : undefined);
    const parts = { connections, schema, warn };
    const engine = found === undefined
      ? new PostgresBackend({ ...parts, url })
      : new PostgresRecords({ ...parts, url: withTable(given, found) }, records?.columns);
    await engine.exists();
    return engine;
  } catch (error) {
    await connections.close();
    throw storeError(error, url.location, "open");
  }
}
