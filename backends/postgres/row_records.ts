import { ColumnError, messageOf } from "../../core/errors.ts";
import { keyOf, keyShape } from "../../core/keys/key.ts";
import type { Row } from "../../core/values/value.ts";
import type { Connections } from "./connection/connections.ts";
import { Joiner } from "../../core/runtime/joiner.ts";
import { heldClaim, type HeldToken, MAX_JOINED, MAX_JOINED_CHARACTERS } from "./key_claims.ts";
import { type Layout, ROW } from "./layout.ts";
import { codeOf, ConnectionError, isServerError, isStale } from "./connection/postgres_errors.ts";
import { rowArrays } from "./row_arrays.ts";
import { type RunTable, STALE } from "./run_table.ts";
import { quoted, textArray } from "./sql_text.ts";

/** A row whose claim ends with it. */
interface ClaimedRow {
  readonly held: HeldToken;
  readonly row: Row;
  /** True to write nothing if the key has a row. False: its rows are replaced. */
  readonly isRefused: boolean;
}

/** A statement and its parameters. */
interface Statement {
  readonly sql: string;
  readonly values: readonly unknown[];
}

/** The number of columns that the table ever had, at the time of a statement. */
const ATTRIBUTES = "(SELECT relnatts FROM pg_class WHERE oid = $5::regclass)";

/** A row to record. */
type NewRow = ClaimedRow | { readonly row: Row };

/** The result of a record: false if its claim is lost; its error, if it failed alone. */
type Recorded = boolean | { readonly error: unknown };

/** Maximum number of times that a record is sent again while its connection is lost each time. */
const MAX_TRIES = 5;

/** The records of a store: those that wait at the same time are made in one statement. */
export class RowRecords {
  readonly #connections: Connections;
  readonly #table: RunTable;
  readonly #location: string;
  readonly #joiner = new Joiner<NewRow, Recorded>((items) => this.#recordAll(items), {
    maxItems: MAX_JOINED,
    maxSize: MAX_JOINED_CHARACTERS,
    sizeOf: ({ row }) => sizeOf(row),
  });

  constructor(connections: Connections, table: RunTable, location: string) {
    this.#connections = connections;
    this.#table = table;
    this.#location = location;
  }

  /** Resolves when no record is under way. */
  settled(): Promise<void> {
    return this.#joiner.settled();
  }

  /** Adds a row. */
  async add(row: Row): Promise<void> {
    await this.#join({ row });
  }

  /** Adds rows in one statement. */
  async addAll(rows: readonly Row[], columns: readonly string[]): Promise<void> {
    if (rows.length === 0) await this.#table.fit([], columns);
    else await this.#insert(rows, columns);
  }

  /**
   * Adds the row of a claim and ends that, in one statement. Rows that the key has are replaced, or, with
   * `isRefused`, nothing is written.
   *
   * @returns False if the claim is lost, or refused: nothing was written.
   */
  addClaimed(held: HeldToken, row: Row, isRefused: boolean): Promise<boolean> {
    return this.#join({ held, row, isRefused });
  }

  async #join(row: NewRow): Promise<boolean> {
    const recorded = await this.#joiner.add(row);
    if (typeof recorded === "object") throw recorded.error;
    return recorded;
  }

  /** Records rows in their order: those with claims that follow one another in one statement, others too. */
  async #recordAll(items: readonly NewRow[]): Promise<readonly Recorded[]> {
    const results: Recorded[] = [];
    for (let start = 0, end = 0; start < items.length; start = end) {
      const isClaimed = "held" in items[start]!;
      while (end < items.length && "held" in items[end]! === isClaimed) end++;
      const part = items.slice(start, end);
      results.push(
        ...isClaimed
          ? await this.#recordEach(part as readonly ClaimedRow[])
          : await this.#insertEach(part.map(({ row }) => row)),
      );
    }
    return results;
  }

  /** A row that cannot be added fails alone. */
  async #insertEach(rows: readonly Row[]): Promise<readonly Recorded[]> {
    try {
      await this.#insert(rows);
      return rows.map(() => true);
    } catch (error) {
      if (rows.length === 1 || !isOfRow(error)) return rows.map(() => ({ error }));
      const results: Recorded[] = [];
      for (const row of rows) results.push(...await this.#insertEach([row]));
      return results;
    }
  }

  async #insert(rows: readonly Row[], columns: readonly string[] = []): Promise<void> {
    await this.#fitting(rows, columns, async (layout) => {
      const { columns, cells, relation, values: arrays } = rowArrays(rows, layout, 2);
      const values = [this.#table.names.store, ...arrays];
      const { rows: table, stores } = this.#table.names;
      const sql = `WITH noted AS (UPDATE ${stores} SET unclaimed = unclaimed + 1 WHERE store = $1)
        INSERT INTO ${table} (${columns}) SELECT ${cells} FROM ${relation} ORDER BY v.n`;
      try {
        await this.#connections.query(sql, values, { isRepeatable: false });
      } catch (error) {
        if (!(error instanceof ConnectionError)) throw error;
        if (await this.#isThere(rows.at(-1)!)) return; // it was executed before the connection was lost
        await this.#connections.query(sql, values, { isRepeatable: false });
      }
    });
  }

  /** True if a row with all of these cells is there, its time among them. */
  async #isThere(row: Row): Promise<boolean> {
    const key = keyOf(keyShape(Object.keys(row)), row);
    const [found] = await this.#table.look([key], "none", false);
    return found !== undefined;
  }

  /** Runs a statement that adds rows, in a layout that has a place for them. */
  async #fitting<T>(
    rows: readonly Row[],
    columns: readonly string[],
    statement: (layout: Layout) => Promise<T | typeof STALE>,
  ): Promise<T> {
    try {
      return await this.#table.using(async () => {
        return await statement(await this.#table.fit(rows, columns));
      });
    } catch (error) {
      if (codeOf(error) !== "54000") throw error;
      throw new ColumnError(
        `Cannot record in "${this.#location}": ${
          messageOf(error)
        }; put several values in one object`,
        { cause: error },
      );
    }
  }

  /** A row that cannot be recorded fails alone. */
  async #recordEach(items: readonly ClaimedRow[]): Promise<readonly Recorded[]> {
    const results: Recorded[] = Array(items.length).fill(false);
    const groups = new Map<string, number[]>();
    for (const [i, { held: { key } }] of items.entries()) {
      const { columns } = key.shape;
      const names = columns ?? Object.keys(key.values).sort();
      const id = JSON.stringify([columns === undefined, names, [...key.shape.defaults]]);
      const group = groups.get(id);
      if (group) group.push(i);
      else groups.set(id, [i]);
    }
    for (const group of groups.values()) {
      const members = group.map((i) => items[i]!);
      const recorded = await this.#record(members).catch(async (error: unknown) => {
        if (!isOfRow(error) || members.length === 1) return members.map(() => ({ error }));
        return await this.#recordAlone(members);
      });
      for (const [n, i] of group.entries()) results[i] = recorded[n]!;
    }
    return results;
  }

  async #recordAlone(items: readonly ClaimedRow[]): Promise<readonly Recorded[]> {
    const results: Recorded[] = [];
    for (const item of items) {
      results.push(
        await this.#record([item]).then(([recorded]) => recorded!, (error: unknown) => ({ error })),
      );
    }
    return results;
  }

  /** Records rows whose keys have one form. */
  async #record(items: readonly ClaimedRow[]): Promise<readonly boolean[]> {
    const recorded = new Set<ClaimedRow>();
    let isAgain = false;
    // Where nothing was recorded without a claim since the key was looked up, it has no row.
    const isKnown = ({ held }: ClaimedRow): boolean => held.seen !== undefined;
    for (const isFirst of [true, false]) {
      const left = items.filter((item) => !recorded.has(item) && (!isFirst || isKnown(item)));
      if (left.length === 0) continue;
      const ended = await this.#fitting(left.map(({ row }) => row), [], async (layout) => {
        const { sql, values } = isFirst
          ? this.#adding(left, layout)
          : this.#replacing(left, layout);
        for (let tries = 0;;) {
          try {
            const { rows } = await this.#connections.query(sql, values, { isRepeatable: false });
            const [attributes, numbers] = rows[0] as string[];
            if (Number(attributes) !== layout.attributes) return STALE;
            return JSON.parse(numbers ?? "[]") as number[];
          } catch (error) {
            const isInDoubt = error instanceof ConnectionError && error.isInDoubt;
            if (!isInDoubt || ++tries > MAX_TRIES) throw error;
            isAgain = true; // a claim that is gone then may have ended with its row
          }
        }
      });
      for (const n of ended) recorded.add(left[n - 1]!);
    }
    return await Promise.all(items.map(async (item) => {
      return recorded.has(item) || isAgain && await this.#isThere(item.row);
    }));
  }

  /** Returns the statement that adds the rows of claims whose keys have no row. */
  #adding(items: readonly ClaimedRow[], layout: Layout): Statement {
    const { claims, failures, stores, rows: table, store } = this.#table.names;
    const added = rowArrays(items.map(({ row }) => row), layout, 6);
    return {
      sql: `WITH mine AS (
          DELETE FROM ${claims} c
          USING unnest($2::uuid[], $3::uuid[], $4::bigint[]) WITH ORDINALITY AS t(key, token, seen, n),
            ${heldClaim(claims)}
          WHERE c.ctid = x.place AND ${ATTRIBUTES} = ${layout.attributes}
            AND t.seen = COALESCE((SELECT unclaimed FROM ${stores} WHERE store = $1), 0)
          RETURNING t.n, t.key),
        forgotten AS (DELETE FROM ${failures} f USING mine
          WHERE EXISTS (SELECT FROM ${failures}) AND f.key = mine.key),
        added AS (INSERT INTO ${table} (${added.columns})
          SELECT ${added.cells} FROM ${added.relation} JOIN mine ON mine.n = v.n ORDER BY v.n)
        SELECT ${ATTRIBUTES}, (SELECT array_to_json(array_agg(n)) FROM mine)`,
      values: [
        store,
        textArray(items.map(({ held }) => held.id)),
        textArray(items.map(({ held }) => held.token)),
        textArray(items.map(({ held }) => held.seen!)),
        table,
        ...added.values,
      ],
    };
  }

  /** Returns the statement that adds the rows of claims, in place of those of their keys. */
  #replacing(items: readonly ClaimedRow[], layout: Layout): Statement {
    const { claims, failures, stores, rows: table, store } = this.#table.names;
    const form = this.#table.formOf(items[0]!.held.key, layout);
    const keys = form.match(items.map(({ held }) => held.key.values), 6);
    const added = rowArrays(items.map(({ row }) => row), layout, 6 + keys.values.length);
    const found = `SELECT r.${quoted(ROW)} FROM ${table} r WHERE ${keys.isRow} OFFSET 0`;
    return {
      sql: `WITH mine AS (
          DELETE FROM ${claims} c
          USING unnest($2::uuid[], $3::uuid[], $4::boolean[]) WITH ORDINALITY AS t(key, token, refused, n),
            ${heldClaim(claims)}
          WHERE c.ctid = x.place AND ${ATTRIBUTES} = ${layout.attributes}
            AND NOT (t.refused AND EXISTS (
              SELECT FROM ${keys.relation} CROSS JOIN LATERAL (${found}) y WHERE k.n = t.n))
          RETURNING t.n, t.key),
        forgotten AS (DELETE FROM ${failures} f USING mine
          WHERE EXISTS (SELECT FROM ${failures}) AND f.key = mine.key),
        gone AS (DELETE FROM ${table} WHERE ${quoted(ROW)} IN (
          SELECT x.${quoted(ROW)} FROM ${keys.relation} JOIN mine ON mine.n = k.n
          CROSS JOIN LATERAL (${found}) x) RETURNING 1),
        noted AS (UPDATE ${stores} SET removals = removals + 1
          WHERE store = $1 AND EXISTS (SELECT FROM gone)),
        added AS (INSERT INTO ${table} (${added.columns})
          SELECT ${added.cells} FROM ${added.relation} JOIN mine ON mine.n = v.n ORDER BY v.n)
        SELECT ${ATTRIBUTES}, (SELECT array_to_json(array_agg(n)) FROM mine)`,
      values: [
        store,
        textArray(items.map(({ held }) => held.id)),
        textArray(items.map(({ held }) => held.token)),
        items.map(({ isRefused }) => isRefused),
        table,
        ...keys.values,
        ...added.values,
      ],
    };
  }
}

/** True if an error is that of one of the rows of a statement. */
function isOfRow(error: unknown): boolean {
  return isServerError(error) && !isStale(error) || error instanceof ColumnError;
}

/** About the number of characters of a row. */
function sizeOf(row: Row): number {
  let size = 0;
  for (const value of Object.values(row)) {
    if (typeof value === "string") size += value.length;
    else if (typeof value === "object" && value !== null) {
      size += JSON.stringify(value, noBigint).length;
    } else size += 8;
  }
  return size;
}

function noBigint(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? 0 : value;
}
