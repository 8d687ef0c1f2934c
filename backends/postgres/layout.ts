import { FormatError, StoreError } from "../../core/errors.ts";
import { type Column, kindOfType } from "./column_kind.ts";
import type { Connections } from "./connection/connections.ts";
import { codeOf } from "./connection/postgres_errors.ts";
import { literal, quoted } from "./sql_text.ts";

/** Number of a row: the order of rows. */
export const ROW = "_stet_row";
/** Cells that are in no column of their own, as JSON of cell texts by name; null where there is none. */
export const MORE = "_stet_more";
/** The version of the tables. */
export const VERSION = 1;

/** The tables of a store. */
export interface TableNames {
  readonly schema: string;
  /** Name of the table of rows: also the store's name in the tables of claims. */
  readonly store: string;
  /** The tables as SQL. */
  readonly rows: string;
  readonly stores: string;
  readonly owners: string;
  readonly claims: string;
  readonly failures: string;
  readonly plans: string;
}

/** Returns the tables of a store. */
export function tableNames(schema: string, store: string): TableNames {
  const of = (table: string): string => `${quoted(schema)}.${quoted(table)}`;
  return {
    schema,
    store,
    rows: of(store),
    stores: of("stet_stores"),
    owners: of("stet_owners"),
    claims: of("stet_claims"),
    failures: of("stet_failures"),
    plans: of("stet_plans"),
  };
}

/** The table of rows as it was when it was last looked at. */
export interface Layout {
  readonly oid: string;
  /** Number of columns that it ever had: another one after each new column. */
  readonly attributes: number;
  /** The columns by name, without those of the number and of further cells. */
  readonly columns: ReadonlyMap<string, Column>;
  /** Names of cells that are in no column. */
  readonly more: ReadonlySet<string>;
  /** Names of indexes that lookups use. */
  readonly indexes: ReadonlySet<string>;
}

/** A function that executes a statement. */
export type Query = Connections["query"];

/**
 * Reads the layout of a store's table, undefined if there is none.
 *
 * @throws {StoreError} If the table is of another program, or of a newer version.
 */
export async function readLayout(
  query: (text: string, values?: readonly unknown[]) => ReturnType<Query>,
  names: TableNames,
  location: string,
): Promise<Layout | undefined> {
  const { rows } = await query(
    `SELECT c.oid::text, c.relnatts, c.relkind, a.attname, format_type(a.atttypid, a.atttypmod),
       (SELECT array_to_json(array_agg(i.relname)) FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
        WHERE x.indrelid = c.oid AND x.indisvalid AND i.relname LIKE 'stet\\_key\\_%'),
       to_regclass($2)::oid, a.atttypid
     FROM pg_class c LEFT JOIN pg_attribute a
       ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     WHERE c.oid = to_regclass($1) ORDER BY a.attnum`,
    [names.rows, names.stores],
  );
  if (rows.length === 0) return undefined;
  const [oid, attributes, kind, , , indexes, stores] = rows[0] as string[];
  const columns = new Map<string, Column>();
  for (const [, , , name, type, , , typeId] of rows as string[][]) {
    if (!name) continue;
    columns.set(name, { name, type: type!, kind: kindOfType(type!), typeId: Number(typeId) });
  }
  const refusal = `Cannot use store "${location}": table ${literal(names.store)} in schema ` +
    `${literal(names.schema)} `;
  const isOurs = columns.delete(ROW) && columns.get(MORE)?.type === "jsonb" &&
    /^[rpv]$/.test(kind!);
  if (!isOurs) {
    throw new FormatError(`${refusal}is not one of stet; choose another by ?table=…`);
  }
  if (!stores) {
    throw new FormatError(
      `${refusal}has no table stet_stores next to it; restore that from the same dump`,
    );
  }
  columns.delete(MORE);
  const [version, more] = await readStore(query, names);
  if (Number(version) > VERSION) {
    throw new StoreError(`${refusal}was made by a newer version of stet (${version}); update stet`);
  }
  return {
    oid: oid!,
    attributes: Number(attributes),
    columns,
    more: new Set(JSON.parse(more ?? "[]") as string[]),
    indexes: new Set(JSON.parse(indexes ?? "[]") as string[]),
  };
}

/**
 * Returns the version of a store, and the names of its cells that are in no column. A table that another program
 * renamed, copied or restored has neither, and gets them.
 */
async function readStore(
  query: (text: string, values?: readonly unknown[]) => ReturnType<Query>,
  { rows, stores, store }: TableNames,
): Promise<readonly string[]> {
  const found = await query(
    `SELECT version, array_to_json(more) FROM ${stores} WHERE store = $1`,
    [store],
  );
  if (found.rows[0]) return found.rows[0] as string[];
  const more = `ARRAY(SELECT DISTINCT jsonb_object_keys(${quoted(MORE)}) FROM ${rows} ORDER BY 1)`;
  try {
    await query(
      `INSERT INTO ${stores} (store, version, more) VALUES ($1, ${VERSION}, ${more})
       ON CONFLICT (store) DO NOTHING`,
      [store],
    );
  } catch (error) {
    // A role or a server that only reads reads all the same.
    if (!/^(?:42501|25006)$/.test(codeOf(error))) throw error;
  }
  const { rows: [named] } = await query(`SELECT ${VERSION}, array_to_json(${more})`);
  return named as string[];
}
