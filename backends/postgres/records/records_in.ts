import type { Connections } from "../connection/connections.ts";
import { OWN_COLUMNS } from "../../records/record_columns.ts";

/** Name of the table of runs, which comes before any table of records. */
const RUNS = "stet_records";

/**
 * Returns the name of the table of records in a schema: the one asked for if it is one, else the only one, if there
 * are no runs.
 */
export async function recordsIn(
  connections: Connections,
  schema: string,
  table: string | undefined,
): Promise<string | undefined> {
  const { rows } = await connections.query(
    `SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND (c.relname = $2 OR $2::text IS NULL)
       AND (c.relname = '${RUNS}' OR $3 = (SELECT count(*) FROM pg_attribute a
         WHERE a.attrelid = c.oid AND NOT a.attisdropped AND a.attname = ANY ($4::text[])))`,
    [schema, table ?? null, OWN_COLUMNS.length, OWN_COLUMNS.map(({ name }) => name)],
  );
  const [name] = rows[0] ?? [];
  return rows.length === 1 && name !== RUNS ? name as string : undefined;
}
