import { type Extent, extentOf, MAX_ROW, NO_ROWS } from "./numbered_rows.ts";
import type { Connection } from "./sqlite_file.ts";
import type { Table } from "./table.ts";

/** A count of all rows, valid while only its connection writes, and that only adds rows. */
interface Count {
  readonly connection: Connection;
  /** Changes when another connection writes. */
  readonly version: unknown;
  readonly transactions: number;
  readonly extent: Extent;
}

/** The rows of a table after a cursor. */
interface RowsSince {
  /** The cursor of now. */
  readonly cursor: string;
  /** True if rows before the given cursor were removed: then these are all rows. */
  readonly isWhole: boolean;
  /** Numbers of the row before them and of the last one. */
  readonly after: bigint;
  readonly upTo: bigint;
  /** Number of all rows. */
  readonly all: number;
}

/** The cursors of a table that is followed. All rows are counted once, and again only if some were removed. */
export class RowCursors {
  readonly #table: Table;
  #count: Count | undefined;

  constructor(table: Table) {
    this.#table = table;
  }

  /** Returns the rows after a cursor of the open database, if there is one. */
  since(connection: Connection | undefined, cursor: string | undefined): RowsSince {
    // The number of a removed last row is used again: its time differs then.
    const cursorOf = ({ last, count, time }: Extent): string =>
      `${connection?.inode ?? 0} ${last} ${count} ${time}`;
    const last = BigInt(/^\d+ (\d+) /.exec(cursor ?? "")?.[1] ?? -1);
    const { now, before } = connection
      ? this.#extents(connection, last)
      : { now: NO_ROWS, before: NO_ROWS };
    const isWhole = cursor !== cursorOf(before);
    return {
      cursor: cursorOf(now),
      isWhole,
      after: isWhole ? -1n : last,
      upTo: now.last,
      all: now.count,
    };
  }

  /** Returns the extents of all rows and of those up to a number, at one moment. */
  #extents(
    connection: Connection,
    last: bigint,
  ): { readonly now: Extent; readonly before: Extent } {
    const { db, transactions } = connection;
    db.exec("BEGIN");
    try {
      const { data_version: version } = db.prepare("PRAGMA data_version").get()!;
      const count = this.#count;
      const isKnown = count?.connection === connection && count.version === version &&
        count.transactions === transactions;
      const known = isKnown ? count.extent : undefined;
      const added = extentOf(this.#table, known?.last, MAX_ROW);
      const now = { ...added, count: (known?.count ?? 0) + added.count };
      this.#count = { connection, version, transactions, extent: now };
      if (last === -1n) return { now, before: NO_ROWS };
      const { count: later, ...before } = extentOf(this.#table, last, last);
      return { now, before: { ...before, count: now.count - later } };
    } finally {
      if (db.isTransaction) db.exec("ROLLBACK");
    }
  }
}
