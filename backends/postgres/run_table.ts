import { StoreError } from "../../core/errors.ts";
import type { KeyShape } from "../../core/keys/key.ts";
import { isReserved, orderColumns, SOURCE } from "../../core/values/columns.ts";
import type { Row } from "../../core/values/value.ts";
import { LONG_STATEMENT_MS } from "./connection/connection.ts";
import type { Connections } from "./connection/connections.ts";
import { KeyForm, namesOf, type RowKey } from "./key_form.ts";
import { type Layout, readLayout, ROW, type TableNames } from "./layout.ts";
import { codeOf, isStale } from "./connection/postgres_errors.ts";
import { selectionOf } from "./row_arrays.ts";
import { literal, quoted } from "./sql_text.ts";
import { changesFor, changeTable, lockTables, makeOwnTables } from "./table_changes.ts";

/** Kind of a lookup: if there is a row; its source; its results and source; all of it. */
export type Looked = "none" | "source" | "result" | "all";

/** Maximum number of tries of a statement while others change the table. */
const MAX_TRIES = 10;
/** Number of rows from which a change that rewrites the table is announced. */
const LARGE = 100_000;
/** Maximum number of indexes for lookups. Further ones read the whole table. */
const MAX_INDEXES = 16;

/** The result of a statement whose layout was not current. */
export const STALE = Symbol("stale");

/** The rows of `once` in a table with a column for each param. */
export class RunTable {
  readonly names: TableNames;
  readonly #connections: Connections;
  readonly #location: string;
  readonly #warn: (message: string) => void;
  #layout: Layout | undefined;
  #mayWrite = false;
  #mayChange = false;
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
    return this.#layout ?? await this.refresh();
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
      if (changes) await changeTable(query, this.names, now, changes);
    }, LONG_STATEMENT_MS);
    return (await this.refresh())!;
  }

  /** Makes the tables of claims, where they are missing. */
  async makeOwnTables(): Promise<void> {
    const names = [this.names.stores, this.names.owners, this.names.claims, this.names.failures];
    const { rows } = await this.#connections.query(
      "SELECT bool_and(to_regclass(name) IS NOT NULL) FROM unnest($1::text[]) AS u(name)",
      [names],
    );
    if (rows[0]![0] === "t") return;
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
    let id = this.#shapeIds.get(key.shape);
    if (id === undefined) this.#shapeIds.set(key.shape, id = this.#shapeCount++);
    const text = key.shape.columns ? `${id}` : `${id} ${JSON.stringify(names)}`;
    if (layout !== this.#layout) return new KeyForm(key.shape, names, layout);
    let form = this.#forms.get(text);
    if (!form) this.#forms.set(text, form = new KeyForm(key.shape, names, layout));
    return form;
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
    const found: (Row | undefined)[] = Array(keys.length);
    return this.using(async (known) => {
      const layout = known ?? await this.refresh();
      if (!layout) return found;
      const form = this.formOf(keys[0]!, layout);
      const hasIndex = await this.#ensureIndex(form, layout, isIndexed);
      if (this.#layout !== layout && hasIndex) return STALE;
      const { sql: relation, values } = form.relation(keys.map(({ values }) => values), 2);
      const selection = selectionOf(layout, this.#selected(looked, layout));
      const cells = ["k.n::int", ...selection.sql].join(", ");
      const condition = `${form.hashOfRow("r")} = ${form.hashOfKey()} AND ${form.condition()}`;
      // A sorted scan of the primary key must not replace the index: hence the sum.
      const matches = hasIndex
        ? `SELECT ${
          cells.replace("k.n::int", "k.n::int AS n")
        } FROM ${relation} CROSS JOIN LATERAL (
            SELECT r.* FROM ${this.names.rows} r WHERE ${condition}
            ORDER BY r.${quoted(ROW)} + 0 DESC LIMIT 1) AS r`
        : `SELECT DISTINCT ON (k.n) ${cells.replace("k.n::int", "k.n::int AS n")} FROM ${relation}
           JOIN ${this.names.rows} r ON ${condition} ORDER BY k.n, r.${quoted(ROW)} DESC`;
      const { rows } = await this.#connections.query(
        `SELECT c.relnatts, x.* FROM pg_class c LEFT JOIN (${matches}) AS x ON true
         WHERE c.oid = $1::regclass`,
        [this.names.rows, ...values],
      );
      if (rows.length === 0 || Number(rows[0]![0]) !== layout.attributes) return STALE;
      for (const [, n, ...row] of rows) {
        if (n !== null) found[Number(n) - 1] = selection.rowOf(row);
      }
      return found;
    });
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
      const { sql: relation, values } = form.relation(keys.map(({ values }) => values), 3);
      const attributes = "(SELECT relnatts FROM pg_class WHERE oid = $1::regclass)";
      const { rows } = await this.#connections.query(
        `WITH gone AS (DELETE FROM ${this.names.rows} r USING ${relation}
           WHERE ${attributes} = ${layout.attributes} AND
             ${form.hashOfRow("r")} = ${form.hashOfKey()} AND ${form.condition()} RETURNING 1),
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
    const isMissing = !layout ||
      columns.some((name) => !layout.columns.has(name) && !layout.more.has(name));
    if (this.#mayWrite && !(isMissing && !this.#mayChange)) return;
    const { rows } = await this.#connections.query(
      `SELECT has_schema_privilege($1, 'CREATE'), c.oid IS NULL, pg_has_role(c.relowner, 'USAGE'),
         has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'DELETE'),
         current_setting('transaction_read_only'), current_user
       FROM (VALUES (1)) AS one LEFT JOIN pg_class c ON c.oid = to_regclass($2)`,
      [this.names.schema, this.names.rows],
    );
    const [mayCreate, isAbsent, isOwner, mayInsert, isReadOnly, user] =
      rows[0] as (string | null)[];
    const refusal = (state: string): StoreError =>
      new StoreError(`Cannot record in store "${this.#location}": ${state}`);
    if (isReadOnly === "on") {
      throw refusal("its server, or its session, is read-only; connect to the primary");
    }
    const role = `role ${literal(user!)}`;
    if (isAbsent === "t" ? mayCreate !== "t" : mayInsert !== "t") {
      throw refusal(
        isAbsent === "t"
          ? `${role} may not make its table; grant it CREATE on schema ${
            literal(this.names.schema)
          }`
          : `${role} may not add and remove rows; grant it INSERT, UPDATE and DELETE on all tables of ` +
            `schema ${literal(this.names.schema)}`,
      );
    }
    this.#mayWrite = true;
    this.#mayChange = isAbsent === "t" || isOwner === "t";
    if (isMissing && !this.#mayChange) {
      throw refusal(
        `it has no column ${
          columns.map((name) => `"${name}"`).join(", ")
        }, and ${role}, which does not own ` +
          `its table, may not add one; add it as the owner, or grant the owner's role`,
      );
    }
  }
}
