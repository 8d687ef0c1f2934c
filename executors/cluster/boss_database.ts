import type { Connections } from "../../backends/postgres/connection/connections.ts";
import type { Pg, PgResult } from "../../packages/pg.ts";
import type { BossDatabase, BossResult } from "../../packages/pg_boss.ts";

/**
 * Returns the database of a pg-boss instance over connections of ours: each statement has a time limit that
 * ends its connection, and is sent again when the connection was lost.
 */
export function bossDatabase(connections: Connections, pg: Pg): BossDatabase {
  function rowsOf({ fields, rows }: PgResult): BossResult {
    const columns = fields.map(({ name, dataTypeID }) => ({
      name,
      parse: pg.types.getTypeParser(dataTypeID),
    }));
    return {
      rows: rows.map((cells) =>
        Object.fromEntries(columns.map(({ name, parse }, i) => {
          const cell = cells[i];
          return [name, typeof cell === "string" ? parse(cell) : cell];
        }))
      ),
    };
  }

  return {
    async executeSql(text, values = []): Promise<BossResult | BossResult[]> {
      // Several statements in one text have several results.
      const result: PgResult | PgResult[] = await connections.use(async (connection) => {
        try {
          return await connection.query(text, values);
        } catch (error) {
          // The text may have begun a transaction, whose end was not reached.
          if (!connection.isBroken) await connection.query("ROLLBACK").catch(() => {});
          throw error;
        }
      });
      return Array.isArray(result) ? result.map(rowsOf) : rowsOf(result);
    },
  };
}
