import type { Connection } from "./sqlite_file.ts";
import { type Extent, MAX_ROW, NO_ROWS, type Table } from "./table.ts";

/** A count of all rows, valid while only its connection writes, and that only adds rows. */
interface Count {
  readonly connection: Connection;
  /** Changes when another connection writes. */
  readonly version: unknown;
  readonly transactions: number;
  readonly extent: Extent;
}

/** The extents of a table that is followed: all rows are counted once, and again only if some were removed. */
export class Extents {
  readonly #table: Table;
  #count: Count | undefined;

  constructor(table: Table) {
    this.#table = table;
  }

  /** Returns the extents of all rows and of those up to a number, at one moment. */
  of(connection: Connection, last: bigint): { readonly now: Extent; readonly before: Extent } {
    const { db, transactions } = connection;
    db.exec("BEGIN");
    try {
      const { data_version: version } = db.prepare("PRAGMA data_version").get()!;
      const { extent: counted } = this.#count ?? {};
      const isKnown = this.#count?.connection === connection && this.#count.version === version &&
        this.#count.transactions === transactions;
      const known = isKnown ? counted : undefined;
      const added = this.#table.extent(known?.last, MAX_ROW);
      const now = { ...added, count: (known?.count ?? 0) + added.count };
      this.#count = { connection, version, transactions, extent: now };
      if (last === -1n) return { now, before: NO_ROWS };
      const { count: later, ...before } = this.#table.extent(last, last);
      return { now, before: { ...before, count: now.count - later } };
    } finally {
      if (db.isTransaction) db.exec("ROLLBACK");
    }
  }
}

/** Returns the cursor of an extent. The number of a removed last row is used again: the time differs then. */
export function cursorOf(inode: number, { last, count, time }: Extent): string {
  return `${inode} ${last} ${count} ${time}`;
}

/** Returns the number of the last row before a cursor; -1 without one. */
export function lastRowOf(cursor: string | undefined): bigint {
  return BigInt(/^\d+ (\d+) /.exec(cursor ?? "")?.[1] ?? -1);
}
