import type { Connections } from "./connection/connections.ts";
import { sleep } from "../../core/runtime/poll.ts";
import { ROW } from "./layout.ts";
import type { RowRange } from "./row_pages.ts";
import { type RunTable, STALE } from "./run_table.ts";
import { quoted } from "./sql_text.ts";

/** Time to wait for transactions under way, in milliseconds. */
const MAX_WAIT_MS = 100;
const PAUSE_MS = 5;

/** The rows after a cursor. */
export interface RowsSince {
  readonly cursor: string;
  readonly isWhole: boolean;
  readonly range: RowRange;
}

/** A position among the rows of a table. */
interface Position {
  readonly oid: string;
  readonly removals: string;
  /** All rows up to this number are known: no transaction under way has one. */
  readonly settled: string;
  /** The last number that was seen. */
  readonly last: string;
  /** Numbers between them that were not seen, from each first to each last one. */
  readonly gaps: string;
}

/**
 * The cursors of a table that is followed. No row is missed, though a row can be committed later than one
 * that has a higher number.
 *
 * A number is drawn by a transaction that holds a lock of writers on the table until it ends. First the
 * highest visible number is read, and then the writers: all numbers up to it that are not visible belong to one of
 * them. Once none of these is under way, a later snapshot sees all rows up to that number. Between it and the last
 * row of the snapshot, numbers may be missing; the cursor keeps them, and the next call looks for them again.
 */
export class RowCursors {
  readonly #connections: Connections;
  readonly #table: RunTable;

  constructor(connections: Connections, table: RunTable) {
    this.#connections = connections;
    this.#table = table;
  }

  /** Returns the range of rows after a cursor. */
  since(cursor: string | undefined): Promise<RowsSince> {
    return this.#table.using(async (known) => {
      const layout = known ?? await this.#table.refresh();
      const before = positionOf(cursor);
      if (!layout) {
        const range = { after: "-1", upTo: "-1" };
        return { cursor: "none", isWhole: cursor !== "none", range };
      }
      const settled = await this.#settledNow() ?? before?.settled ?? "0";
      const { names } = this.#table;
      const row = quoted(ROW);
      const { rows } = await this.#connections.query(
        `WITH seen AS (SELECT ${row} AS n FROM ${names.rows} WHERE ${row} > $2),
         gaps AS (SELECT n + 1 AS first, next - 1 AS last FROM (
           SELECT n, lead(n) OVER (ORDER BY n) AS next FROM (
             SELECT $2::bigint AS n UNION ALL SELECT n FROM seen) u) w WHERE next > n + 1)
         SELECT $1::regclass::oid, (SELECT relnatts FROM pg_class WHERE oid = $1::regclass),
           (SELECT removals FROM ${names.stores} WHERE store = $3),
           (SELECT COALESCE(max(${row}), 0) FROM ${names.rows}),
           (SELECT string_agg(first || '-' || last, ',' ORDER BY first) FROM gaps),
           (SELECT array_to_json(array_agg(r.${row} ORDER BY r.${row})) FROM ${names.rows} r
            JOIN unnest($4::bigint[], $5::bigint[]) AS g(first, last)
              ON r.${row} BETWEEN g.first AND g.last)`,
        [names.rows, settled, names.store, ...gapsOf(before?.gaps ?? "")],
      );
      const [oid, attributes, removals, last, gaps, late] = rows[0] as (string | null)[];
      if (oid !== layout.oid || Number(attributes) !== layout.attributes) return STALE;
      const now: Position = {
        oid: oid!,
        removals: removals ?? "",
        settled,
        last: last!,
        gaps: gaps ?? "",
      };
      const isWhole = before?.oid !== oid || before.removals !== now.removals;
      const also = JSON.parse(late ?? "[]") as number[];
      // While nothing was added, the cursor stays, and with it the gaps that it has.
      const isSame = !isWhole && before.last === last && also.length === 0;
      return {
        cursor: isSame ? cursor! : textOf(now),
        isWhole,
        range: isWhole
          ? { after: "-1", upTo: last! }
          : { after: before.last, upTo: last!, also: also.map(String) },
      };
    });
  }

  /** Returns a number up to which all rows are known; undefined if a writer stays under way. */
  async #settledNow(): Promise<string | undefined> {
    const { names } = this.#table;
    const writers = `(SELECT array_to_json(array_agg(l.virtualtransaction)) FROM pg_locks l
      WHERE l.locktype = 'relation' AND l.relation = $1::regclass AND l.mode = 'RowExclusiveLock'
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))`;
    const { rows } = await this.#connections.query(
      `SELECT m.last, ${writers} FROM (
         SELECT COALESCE(max(${quoted(ROW)}), 0) AS last FROM ${names.rows}) AS m`,
      [names.rows],
    );
    const [last, first] = rows[0] as (string | null)[];
    let left = JSON.parse(first ?? "[]") as string[];
    for (let waited = 0; left.length > 0; waited += PAUSE_MS) {
      if (waited >= MAX_WAIT_MS) return undefined;
      await sleep(PAUSE_MS);
      const { rows } = await this.#connections.query(`SELECT ${writers}`, [names.rows]);
      const now = new Set(JSON.parse(rows[0]![0] as string | null ?? "[]") as string[]);
      left = left.filter((writer) => now.has(writer));
    }
    return last!;
  }
}

function textOf({ oid, removals, settled, last, gaps }: Position): string {
  return `1 ${oid} ${removals} ${settled} ${last} ${gaps}`;
}

function positionOf(cursor: string | undefined): Position | undefined {
  const [, oid, removals, settled, last, gaps] =
    /^1 (\d+) (\d*) (-?\d+) (-?\d+) ([\d,-]*)$/.exec(cursor ?? "") ?? [];
  if (oid === undefined) return undefined;
  return { oid, removals: removals!, settled: settled!, last: last!, gaps: gaps! };
}

/** Returns first and last numbers of gaps. */
function gapsOf(gaps: string): readonly [first: string[], last: string[]] {
  const pairs = gaps === "" ? [] : gaps.split(",").map((gap) => gap.split("-"));
  return [pairs.map(([first]) => first!), pairs.map(([, last]) => last!)];
}
