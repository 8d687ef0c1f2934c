import { StoreError } from "../../core/errors.ts";
import type { KeyShape } from "../../core/keys/key.ts";
import { isDetail, isReserved, orderColumns, SOURCE } from "../../core/values/columns.ts";
import type { Row } from "../../core/values/value.ts";
import type { PgResult } from "../../packages/pg.ts";
import { LONG_STATEMENT_MS } from "./connection/connection.ts";
import type { Connections } from "./connection/connections.ts";
import { KeyForm, namesOf, type RowKey } from "./key_form.ts";
import { type Layout, MORE, readLayout, ROW, type TableNames } from "./layout.ts";
import { codeOf, isStale } from "./connection/postgres_errors.ts";
import { selectionOf } from "./row_arrays.ts";
import { inlined, literal, quoted } from "./sql_text.ts";
import { addSince, changesFor, changeTable, lockTables, makeOwnTables } from "./table_changes.ts";

/** Kind of a lookup: if there is a row; its source; its results and source; all of it. */
export type Looked = "none" | "source" | "result" | "all";

/** Maximum number of tries of a statement while others change the table. */
const MAX_TRIES = 10;
/** Number of rows from which a change that rewrites the table is announced. */
const LARGE = 100_000;
/** Maximum number of indexes for lookups. Further ones read the whole table. */
const MAX_INDEXES = 16;

/** The rights of a role. */
interface Rights {
  readonly mayWrite: boolean;
  /** True if it may add columns. */
  readonly mayChange: boolean;
  /** States what it may not, and the remedy. */
  readonly refusal: string;
}

/** A statement that looks up keys. */
interface Lookup {
  readonly sql: string;
  readonly values: readonly unknown[];
  /** Returns the newest row of each key by a result. */
  rowsOf(result: PgResult): (Row | undefined)[] | typeof STALE;
}

/** The result of a statement whose layout was not current. */
export const STALE = Symbol("stale");

/** The rows of `once` in a table with a column for each param. */
export class RunTable {
  readonly names: TableNames;
  readonly #connections: Connections;
  readonly #location: string;
  readonly #warn: (message: string) => void;
  #layout: Layout | undefined;
  /** The first reading of the layout. Calls that wait for it resume in their order. */
  #reading: Promise<Layout | undefined> | undefined;
  /** The rights of the role, without the table and with it. */
  readonly #rights = new Map<boolean, Promise<Rights>>();
  readonly #forms = new Map<string, KeyForm>();
  readonly #shapeIds = new WeakMap<KeyShape, number>();
  #shapeCount = 0;
  /** Indexes that cannot be made: another role owns the table. */
  readonly #refused = new Set<string>();

  constructor(
    connections: Connections,
    names: TableNames,
    location: string,
    warn: (message: string) => void,
  ) {
    this.#connections = connections;
    this.names = names;
    this.#location = location;
    this.#warn = warn;
  }

  /** Returns the layout as it is known; undefined if there was no table. */
  async layout(): Promise<Layout | undefined> {
    if (this.#layout) return this.#layout;
    return await (this.#reading ??= this.refresh().finally(() => this.#reading = undefined));
  }

  /** Reads the layout again. */
  async refresh(): Promise<Layout | undefined> {
    const layout = await readLayout(
      (text, values) => this.#connections.query(text, values),
      this.names,
      this.#location,
    );
    this.#forms.clear();
    return this.#layout = layout;
  }

  /**
   * Runs a statement that is made for a layout, again with the current one where another process has changed the
   * table.
   */
  async using<T>(
    statement: (layout: Layout | undefined) => Promise<T | typeof STALE>,
  ): Promise<T> {
    for (let tries = 1;; tries++) {
      try {
        const result = await statement(await this.layout());
        if (result !== STALE) return result;
      } catch (error) {
        if (!isStale(error) || tries >= MAX_TRIES) throw error;
      }
      await this.refresh();
    }
  }

  /** Returns the columns, in their order. */
  async columns(): Promise<readonly string[]> {
    const layout = await this.refresh();
    return layout ? orderColumns([], [...layout.columns.keys(), ...layout.more]) : [];
  }

  /** Returns the number of the last row, and a text that is another once rows were removed or replaced. */
  async state(): Promise<{ readonly last: string; readonly removals: string }> {
    const { rows } = await this.#connections.query(
      `SELECT COALESCE(max(${quoted(ROW)}), -1), $1::regclass::oid || ' ' || COALESCE(
         (SELECT removals FROM ${this.names.stores} WHERE store = $2), 0)
       FROM ${this.names.rows}`,
      [this.names.rows, this.names.store],
    );
    const [last, removals] = rows[0] as string[];
    return { last: last!, removals: removals! };
  }

  /** Returns the layout after the table has got a place for all cells of rows. */
  async fit(rows: readonly Row[], columns: readonly string[] = []): Promise<Layout> {
    const layout = await this.layout();
    if (layout && !changesFor(rows, columns, layout)) return layout;
    await this.#announce(rows, columns, layout);
    await this.#connections.transaction(async (query) => {
      await lockTables(query, this.names);
      if (!layout) await makeOwnTables(query, this.names);
      const now = await readLayout(query, this.names, this.#location);
      const changes = changesFor(rows, columns, now);
      // While a change waits for a long reader, all others wait for it: it is given up, and tried again.
      await query("SELECT set_config('lock_timeout', '5s', true)");
      if (changes) await changeTable(query, this.names, now, changes);
    }, LONG_STATEMENT_MS);
    return (await this.refresh())!;
  }

  /** Makes the tables of claims, where they are missing. */
  async makeOwnTables(): Promise<void> {
    const names = [this.names.stores, this.names.owners, this.names.claims, this.names.failures];
    const { rows } = await this.#connections.query(
      `SELECT bool_and(to_regclass(name) IS NOT NULL), EXISTS (SELECT FROM pg_attribute
         WHERE attrelid = to_regclass($2) AND attname = 'since' AND NOT attisdropped)
       FROM unnest($1::text[]) AS u(name)`,
      [names, this.names.claims],
    );
    const [areThere, hasSince] = rows[0] as string[];
    if (areThere === "t") {
      if (hasSince !== "t") {
        await this.#connections.transaction((query) => addSince(query, this.names));
      }
      return;
    }
    await this.#connections.transaction(async (query) => {
      await lockTables(query, this.names);
      await makeOwnTables(query, this.names);
    });
  }

  async #announce(
    rows: readonly Row[],
    columns: readonly string[],
    layout: Layout | undefined,
  ): Promise<void> {
    const widened = [...changesFor(rows, columns, layout)?.widened.keys() ?? []];
    if (widened.length === 0) return;
    const { rows: found } = await this.#connections.query(
      "SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass($1)",
      [this.names.rows],
    );
    const count = Number(found[0]?.[0] ?? 0);
    if (count < LARGE) return;
    this.#warn(
      `[stet] The column ${
        widened.map((name) => `"${name}"`).join(", ")
      } of "${this.#location}" gets ` +
        `values of another kind: about ${count} rows are written anew, and all others wait`,
    );
  }

  /** Returns the form of a key for a layout. */
  formOf(key: RowKey, layout: Layout): KeyForm {
    const names = namesOf(key);
    if (layout !== this.#layout) return new KeyForm(key.shape, names, layout);
    const id = this.#formId(key);
    let form = this.#forms.get(id);
    if (!form) this.#forms.set(id, form = new KeyForm(key.shape, names, layout));
    return form;
  }

  /** Returns the identity of the form of a key. */
  #formId(key: RowKey): string {
    let id = this.#shapeIds.get(key.shape);
    if (id === undefined) this.#shapeIds.set(key.shape, id = this.#shapeCount++);
    return key.shape.columns ? `${id}` : `${id} ${JSON.stringify(namesOf(key))}`;
  }

  /** The columns that a kind of lookup reads. */
  #selected(looked: Looked, layout: Layout): readonly string[] | undefined {
    switch (looked) {
      case "none":
        return [];
      case "source":
        return [SOURCE];
      case "result": {
        const names = new Set([...layout.columns.keys(), ...layout.more]);
        const isResult = (name: string): boolean => isReserved(name) && !name.startsWith("_stet_");
        return [...[...names].filter(isResult), SOURCE];
      }
      case "all":
        return undefined;
    }
  }

  /**
   * Returns the newest row of each of some keys of one form, in one statement.
   *
   * @param isIndexed True to make an index for them if there is none.
   */
  look(
    keys: readonly RowKey[],
    looked: Looked,
    isIndexed = true,
  ): Promise<(Row | undefined)[]> {
    return this.using(async (known) => {
      const layout = known ?? await this.refresh();
      if (!layout) return keys.map(() => undefined);
      const lookup = await this.#lookup(keys, looked, layout, isIndexed);
      if (lookup === STALE) return STALE;
      return lookup.rowsOf(await this.#connections.query(lookup.sql, lookup.values));
    });
  }

  /**
   * Returns the newest row of each of some keys, by statements that are sent along with another one, and see what
   * was committed before it ended.
   *
   * @param send Sends these statements after its own, and returns their results. It may be called again.
   */
  lookAlong(
    keys: readonly RowKey[],
    looked: Looked,
    send: (lookups: readonly string[]) => Promise<readonly PgResult[]>,
  ): Promise<(Row | undefined)[]> {
    return this.using(async (known) => {
      const layout = known ?? await this.refresh();
      const found: (Row | undefined)[] = Array(keys.length);
      if (!layout) {
        await send([]);
        // Another process may have made the table since, and recorded one of the keys: they are looked up then.
        return await this.refresh() ? STALE : found;
      }
      const numbers = Map.groupBy(keys.keys(), (i) => this.#formId(keys[i]!));
      const groups = [...numbers.values()];
      const lookups: Lookup[] = [];
      for (const group of groups) {
        const lookup = await this.#lookup(group.map((i) => keys[i]!), looked, layout, true);
        if (lookup === STALE) return STALE;
        lookups.push(lookup);
      }
      const results = await send(lookups.map(({ sql, values }) => inlined(sql, values)));
      for (const [n, lookup] of lookups.entries()) {
        const rows = lookup.rowsOf(results[n]!);
        if (rows === STALE) return STALE;
        for (const [place, i] of groups[n]!.entries()) found[i] = rows[place];
      }
      return found;
    });
  }

  async #lookup(
    keys: readonly RowKey[],
    looked: Looked,
    layout: Layout,
    isIndexed: boolean,
  ): Promise<Lookup | typeof STALE> {
    const form = this.formOf(keys[0]!, layout);
    const hasIndex = await this.#ensureIndex(form, layout, isIndexed);
    if (this.#layout !== layout) return STALE;
    const { relation, values, isRow } = form.match(keys.map(({ values }) => values), 2);
    const selection = selectionOf(layout, this.#selected(looked, layout));
    const cells = ["k.n::int AS n", ...selection.sql].join(", ");
    const row = `r.${quoted(ROW)}`;
    // A sorted scan of the primary key must not replace the index: hence the sum.
    const matches = hasIndex
      ? `SELECT ${cells} FROM ${relation} CROSS JOIN LATERAL (
          SELECT r.* FROM ${this.names.rows} r WHERE ${isRow} ORDER BY ${row} + 0 DESC LIMIT 1) AS r`
      : `SELECT DISTINCT ON (k.n) ${cells} FROM ${relation}
         JOIN ${this.names.rows} r ON ${isRow} ORDER BY k.n, ${row} DESC`;
    return {
      sql: `SELECT c.relnatts, x.* FROM pg_class c LEFT JOIN (${matches}) AS x ON true
        WHERE c.oid = $1::regclass`,
      values: [this.names.rows, ...values],
      rowsOf({ rows, fields }) {
        const isCurrent = Number(rows[0]?.[0]) === layout.attributes && selection.isCurrent(fields);
        if (!isCurrent) return STALE;
        const found: (Row | undefined)[] = Array(keys.length);
        for (const [, n, ...row] of rows) {
          if (n !== null) found[Number(n) - 1] = selection.rowOf(row);
        }
        return found;
      },
    };
  }

  /** Returns true if an index finds the keys of a form, after it was made if need be. */
  async #ensureIndex(form: KeyForm, layout: Layout, isMade: boolean): Promise<boolean> {
    const name = `stet_key_${form.digest(this.names.rows)}`;
    if (layout.indexes.has(name)) return true;
    if (!isMade || this.#refused.has(name) || layout.indexes.size >= MAX_INDEXES) return false;
    if (form.names.length === 0) return false;
    try {
      await this.#connections.transaction(async (query) => {
        await lockTables(query, this.names);
        await query(
          `CREATE INDEX IF NOT EXISTS ${quoted(name)} ON ${this.names.rows} (${form.hashOfRow()})`,
        );
        // Until the server knows that hashes differ, it expects many rows of each.
        await query(`ANALYZE ${this.names.rows}`);
      }, LONG_STATEMENT_MS);
    } catch (error) {
      if (!/^(?:42501|25006)$/.test(codeOf(error))) throw error;
      this.#refused.add(name); // lookups are only slower
      return false;
    }
    await this.refresh();
    return true;
  }

  /** Deletes the rows with exactly one of some keys of one form, and returns their number. */
  remove(keys: readonly RowKey[]): Promise<number> {
    return this.using(async (known) => {
      const layout = known ?? await this.refresh();
      if (!layout) return 0;
      const form = this.formOf(keys[0]!, layout);
      const { relation, values, isRow } = form.match(keys.map(({ values }) => values), 3);
      const attributes = "(SELECT relnatts FROM pg_class WHERE oid = $1::regclass)";
      const { rows } = await this.#connections.query(
        `WITH gone AS (DELETE FROM ${this.names.rows} r USING ${relation}
           WHERE ${attributes} = ${layout.attributes} AND
             ${isRow} RETURNING 1),
         noted AS (UPDATE ${this.names.stores} SET removals = removals + 1
           WHERE store = $2 AND EXISTS (SELECT FROM gone))
         SELECT ${attributes}, (SELECT count(*) FROM gone)`,
        [this.names.rows, this.names.store, ...values],
        { timeoutMs: LONG_STATEMENT_MS },
      );
      const [now, count] = rows[0] as string[];
      return Number(now) === layout.attributes ? Number(count) : STALE;
    });
  }

  /** Deletes the rows with exactly one of some keys, and returns their number. */
  async removeKeys(keys: readonly RowKey[]): Promise<number> {
    const groups = Map.groupBy(keys, (key) => JSON.stringify(namesOf(key)));
    let count = 0;
    for (const group of groups.values()) count += await this.remove(group);
    return count;
  }

  /** Deletes rows that equal an earlier one in all but time, duration and source, and returns their number. */
  removeRepeats(): Promise<number> {
    return this.using(async (known) => {
      const layout = known ?? await this.refresh();
      if (!layout) return 0;
      const columns = [...layout.columns.values()].filter(({ name }) => !isDetail(name))
        .map(({ name, kind }) => quoted(name) + (kind === "other" ? "::text" : ""));
      const { rows } = await this.#connections.query(
        `WITH gone AS (DELETE FROM ${this.names.rows} WHERE ${quoted(ROW)} IN (
           SELECT n FROM (SELECT ${quoted(ROW)} AS n, row_number() OVER (
             PARTITION BY ${[...columns, quoted(MORE)].join(", ")} ORDER BY ${
          quoted(ROW)
        }) AS repeat
           FROM ${this.names.rows}) AS numbered WHERE repeat > 1
             AND (SELECT relnatts FROM pg_class WHERE oid = $2::regclass) = ${layout.attributes})
           RETURNING 1),
         noted AS (UPDATE ${this.names.stores} SET removals = removals + 1
           WHERE store = $1 AND EXISTS (SELECT FROM gone))
         SELECT (SELECT relnatts FROM pg_class WHERE oid = $2::regclass), (SELECT count(*) FROM gone)`,
        [this.names.store, this.names.rows],
        { timeoutMs: LONG_STATEMENT_MS },
      );
      const [attributes, count] = rows[0] as string[];
      return Number(attributes) === layout.attributes ? Number(count) : STALE;
    });
  }

  /** Deletes all rows. */
  async clear(): Promise<void> {
    if (!await this.refresh()) return;
    await this.#connections.query(
      `WITH gone AS (DELETE FROM ${this.names.rows} RETURNING 1)
       UPDATE ${this.names.stores} SET removals = removals + 1
       WHERE store = $1 AND EXISTS (SELECT FROM gone)`,
      [this.names.store],
      { timeoutMs: LONG_STATEMENT_MS },
    );
  }

  /**
   * Checks that rows with these columns can be recorded.
   *
   * @throws {StoreError} If the role may not.
   */
  async checkWritable(columns: readonly string[]): Promise<void> {
    const layout = await this.layout();
    const isThere = layout !== undefined;
    let rights = this.#rights.get(isThere);
    if (!rights) this.#rights.set(isThere, rights = this.#readRights(isThere));
    const { mayWrite, mayChange, refusal } = await rights;
    const missing = columns.filter((name) => !layout?.columns.has(name) && !layout?.more.has(name));
    if (mayWrite && (mayChange || missing.length === 0)) return;
    this.#rights.clear(); // they may be granted before the next call
    const state = mayWrite
      ? `it has no column ${missing.map((name) => `"${name}"`).join(", ")}, ${refusal}`
      : refusal;
    throw new StoreError(`Cannot record in store "${this.#location}": ${state}`);
  }

  async #readRights(isThere: boolean): Promise<Rights> {
    try {
      const { rows } = await this.#connections.query(
        `SELECT has_schema_privilege($1, 'CREATE'), pg_has_role(c.relowner, 'USAGE'),
           has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'DELETE'),
           current_setting('transaction_read_only'), current_user
         FROM (VALUES (1)) AS one LEFT JOIN pg_class c ON c.oid = to_regclass($2)`,
        [this.names.schema, this.names.rows],
      );
      const [mayCreate, isOwner, mayInsert, isReadOnly, user] = rows[0] as (string | null)[];
      const role = `role ${literal(user!)}`;
      const schema = `schema ${literal(this.names.schema)}`;
      if (isReadOnly === "on") {
        const refusal = "its server, or its session, is read-only; connect to the primary server";
        return { mayWrite: false, mayChange: false, refusal };
      }
      if (!isThere) {
        const refusal = `${role} may not make its table; grant it CREATE on ${schema}`;
        return { mayWrite: mayCreate === "t", mayChange: mayCreate === "t", refusal };
      }
      const refusal = mayInsert === "t"
        ? `and ${role}, which does not own its table, may not add one; add it as the owner, or grant ` +
          `${role} the role of the owner`
        : `${role} may not add and remove rows; grant it INSERT, UPDATE and DELETE on all tables of ${schema}`;
      return { mayWrite: mayInsert === "t", mayChange: isOwner === "t", refusal };
    } catch (error) {
      this.#rights.clear();
      throw error;
    }
  }
}
