import type { RecordsTable } from "../../../core/contract/backend.ts";
import type { TableColumns } from "../../../core/contract/records_backend.ts";
import type { Key } from "../../../core/keys/key.ts";
import { type Row, setEntry } from "../../../core/values/value.ts";
import type { Connections } from "../connection/connections.ts";
import { isStale } from "../connection/postgres_errors.ts";
import type { RowKey } from "../key_form.ts";
import { type Query, type TableNames, VERSION } from "../layout.ts";
import { allOf, literal, quoted, quotedList } from "../sql_text.ts";
import { lockTables, makeOwnTables } from "../table_changes.ts";
import { columnSql, fromColumn, toColumn } from "./record_column.ts";
import {
  boundCell,
  checkRecordColumns,
  checkRecordKey,
  checkRequired,
  declaredColumn,
  inferredColumns,
  kindOf,
  OWN_COLUMNS,
  paramColumns,
  type RecordColumn,
  type RecordColumns,
  typesOf,
} from "../../records/record_columns.ts";

/** A column with its type as the server spells it. */
interface TypedColumn extends RecordColumn {
  readonly type: string;
}

type Columns = RecordColumns<TypedColumn>;

/** A condition and its parameters. */
interface Condition {
  readonly sql: string;
  readonly values: readonly unknown[];
}

/**
 * The records of a `Store` in a table of the form that Python's entropic (SQLAlchemy) makes and reads: the
 * params' columns by their types, then `id`, the primary key, `result_file`, `created_at` and `custom_data`.
 */
export class RecordTable {
  readonly #connections: Connections;
  readonly #names: TableNames;
  readonly #location: string;
  readonly #declared: readonly RecordColumn[] | undefined;
  /** Empty while there is no table. */
  #columns: Columns = new Map();

  constructor(
    connections: Connections,
    names: TableNames,
    location: string,
    columns: RecordsTable["columns"],
  ) {
    this.#connections = connections;
    this.#names = names;
    this.#location = location;
    this.#declared = columns &&
      Object.entries(columns).map(([name, type]) => declaredColumn(name, type));
  }

  /** Returns the columns. Other processes may have made the table meanwhile. */
  async known(): Promise<Columns> {
    return this.#columns.size > 0 ? this.#columns : await this.refresh();
  }

  /** Reads the columns again. */
  async refresh(): Promise<Columns> {
    const { rows } = await this.#connections.query(
      `SELECT attname, format_type(atttypid, NULL), attnotnull, atthasdef FROM pg_attribute
       WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
      [this.#names.rows],
    );
    const columns = new Map((rows as string[][]).map(([name, type, isNotNull, hasDefault]) => [
      name!,
      {
        name: name!,
        type: type!,
        kind: name === "created_at" ? "created" as const : kindOf(type!),
        isNullable: isNotNull === "f",
        hasDefault: hasDefault === "t",
      },
    ]));
    if (columns.size > 0) checkRecordColumns(columns, this.#declared, this.#title);
    return this.#columns = columns;
  }

  /** Runs a statement, again with the columns as they are now where another process has changed the table. */
  async #using<T>(statement: (columns: Columns) => Promise<T>): Promise<T> {
    try {
      return await statement(await this.known());
    } catch (error) {
      if (!isStale(error)) throw error;
      return await statement(await this.refresh());
    }
  }

  /** Returns the types of the params' columns; undefined if there is no table. */
  async types(): Promise<TableColumns | undefined> {
    return typesOf(await this.refresh());
  }

  /** Makes the table for these params, unless it is there. */
  async make(first: Row): Promise<void> {
    if ((await this.refresh()).size > 0) return;
    const own = [...this.#declared ?? inferredColumns(first), ...OWN_COLUMNS];
    const lines = own.map((column) => `${quoted(column.name)} ${columnSql(column)}`);
    await this.#connections.transaction(async (query) => {
      await this.makeOwnTables(query);
      await query(
        `CREATE TABLE IF NOT EXISTS ${this.#names.rows} (${lines.join(", ")}, PRIMARY KEY (id))`,
      );
    });
    await this.refresh();
  }

  /** Makes the tables of claims in a transaction. */
  async makeOwnTables(query: Query): Promise<void> {
    await lockTables(query, this.#names);
    await makeOwnTables(query, this.#names);
    await query(
      `INSERT INTO ${this.#names.stores} (store, version) VALUES ($1, ${VERSION})
       ON CONFLICT (store) DO NOTHING`,
      [this.#names.store],
    );
  }

  checkKey(key: Key): void {
    checkRecordKey(key, this.#title);
  }

  /** The table and its columns were made before. An older row keeps what it has. */
  async checkFits(key: Key): Promise<void> {
    checkRequired(await this.known(), key, this.#title);
  }

  /** Returns the row with each id. */
  find(ids: readonly string[]): Promise<(Row | undefined)[]> {
    return this.#using(async (columns) => {
      const found = new Map<unknown, Row>();
      if (columns.size === 0) return ids.map(() => undefined);
      const { rows } = await this.#connections.query(
        `SELECT id, ${
          quotedList(columns.keys())
        } FROM ${this.#names.rows} WHERE id = ANY ($1::text[])`,
        [ids],
      );
      for (const [id, ...values] of rows) found.set(id, rowOf(columns, values));
      return ids.map((id) => found.get(id));
    });
  }

  /** Returns a row with a key, or undefined. */
  look(key: RowKey): Promise<Row | undefined> {
    return this.#using(async (columns) => {
      const condition = columns.size > 0 ? conditionOf(key, columns, 1) : undefined;
      if (!condition) return undefined;
      const { rows } = await this.#connections.query(
        `SELECT ${quotedList(columns.keys())} FROM ${this.#names.rows} WHERE ${condition.sql}
         ORDER BY created_at DESC, id DESC LIMIT 1`,
        condition.values,
      );
      return rows[0] && rowOf(columns, rows[0]);
    });
  }

  /** Deletes the rows with a key, and returns their number. */
  remove(key: RowKey): Promise<number> {
    return this.#using(async (columns) => {
      const condition = columns.size > 0 ? conditionOf(key, columns, 1) : undefined;
      if (!condition) return 0;
      const { rowCount } = await this.#connections.query(
        `DELETE FROM ${this.#names.rows} WHERE ${condition.sql}`,
        condition.values,
      );
      return rowCount ?? 0;
    });
  }

  /** Deletes all rows. */
  async clear(): Promise<void> {
    if ((await this.refresh()).size === 0) return;
    await this.#connections.query(`DELETE FROM ${this.#names.rows}`);
  }

  /** Returns some rows after one, by time and id. */
  page(
    after: readonly [created: string, id: string] | undefined,
    size: number,
  ): Promise<{ readonly rows: readonly Row[]; readonly last: readonly [string, string] }> {
    return this.#using(async (columns) => {
      if (columns.size === 0) return { rows: [], last: ["", ""] as const };
      const { rows } = await this.#connections.query(
        `SELECT r.created_at::text, r.id, ${quotedList(columns.keys())} FROM ${this.#names.rows} r
         ${after ? "WHERE (r.created_at, r.id) > ($1::timestamp, $2)" : ""}
         ORDER BY r.created_at, r.id LIMIT ${size}`,
        after ?? [],
      );
      const [created = "", id = ""] = rows.at(-1) as string[] ?? [];
      return {
        rows: rows.map(([, , ...values]) => rowOf(columns, values)),
        last: [created, id] as const,
      };
    });
  }

  /**
   * Adds rows, and returns true.
   *
   * @param claim Ends a claim by its token with the first row, in place of one with its id, or of none with
   * `isRefused`; false if there is no such claim, or it is refused.
   */
  add(
    rows: readonly Row[],
    claim?: { readonly id: string; readonly token: string; readonly isRefused: boolean },
  ): Promise<boolean> {
    return this.#using(async (columns) => {
      const names = new Set(rows.flatMap((row) => Object.keys(row)));
      const used = [...names].filter((name) => {
        const isNull = rows.every((row) => (row[name] ?? null) === null);
        return !(isNull && columns.get(name)?.isNullable === false);
      });
      const arrays = used.map((name) =>
        rows.map((row) => boundCell(columns, name, row, toColumn, this.#title))
      );
      const first = claim ? 5 : 1;
      const types = used.map((name) => columns.get(name)!.type);
      const relation = `unnest(${types.map((type, i) => `$${first + i}::${type}[]`).join(", ")})
        WITH ORDINALITY AS v(${used.map((_, i) => `c${i}`).join(", ")}, n)`;
      const insert = `INSERT INTO ${this.#names.rows} (${quotedList(used)})
        SELECT ${used.map((_, i) => `v.c${i}`).join(", ")} FROM ${relation}`;
      if (!claim) {
        await this.#connections.query(`${insert} ORDER BY v.n`, arrays);
        return true;
      }
      const { claims, failures } = this.#names;
      const others = [...columns.keys()].filter((name) => name !== "id");
      const replaced = others.map((name) => `${quoted(name)} = excluded.${quoted(name)}`);
      const { rows: found } = await this.#connections.query(
        `WITH mine AS (DELETE FROM ${claims} WHERE key = $1 AND token = $2
           AND NOT ($3::boolean AND EXISTS (SELECT FROM ${this.#names.rows} WHERE id = $4))
           RETURNING key),
         forgotten AS (DELETE FROM ${failures} f USING mine WHERE f.key = mine.key),
         added AS (${insert}, mine ON CONFLICT (id) DO UPDATE SET ${replaced.join(", ")})
         SELECT count(*) FROM mine`,
        [claim.id, claim.token, claim.isRefused, rows[0]!["id"], ...arrays],
      );
      return found[0]![0] !== "0";
    });
  }

  /** The table in messages. */
  get #title(): string {
    return `table ${literal(this.#names.store)} of "${this.#location}"`;
  }
}

function rowOf(columns: Columns, values: readonly unknown[]): Row {
  const row: Row = {};
  let i = 0;
  for (const { name, kind } of columns.values()) {
    const text = values[i++];
    if (typeof text === "string") setEntry(row, name, fromColumn(text, kind));
  }
  return row;
}

/** Returns the condition that a row has a key, or undefined if no row can. */
function conditionOf(
  { shape, values }: RowKey,
  columns: Columns,
  firstParameter: number,
): Condition | undefined {
  const terms: string[] = [];
  const bound: unknown[] = [];
  for (const name of shape.columns ?? paramColumns(columns).map((column) => column.name)) {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    const column = columns.get(name);
    if (!column && value === undefined) continue;
    const cell = column && toColumn(value, column.kind);
    if (cell === undefined) return undefined;
    if (cell === null) {
      terms.push(`${quoted(name)} IS NULL`);
      continue;
    }
    const isJson = column!.kind === "json";
    const type = isJson ? "jsonb" : column!.type;
    terms.push(
      `${quoted(name)}${isJson ? "::jsonb" : ""} = $${firstParameter + bound.length}::${type}`,
    );
    bound.push(cell);
  }
  return { sql: allOf(terms), values: bound };
}
