import type { RecordsTable, RowsAfter } from "../../../core/contract/backend.ts";
import { allRowsAfter } from "../../../core/contract/adapted_backend.ts";
import type { RecordAllOptions, RowsOptions } from "../../../core/contract/engine.ts";
import type { RecordsBackend, TableColumns } from "../../../core/contract/records_backend.ts";
import { removedKey, subsetShape } from "../../../core/contract/subset_shape.ts";
import type { Key } from "../../../core/keys/key.ts";
import { pick } from "../../../core/values/columns.ts";
import { toRow } from "../../../core/values/to_row.ts";
import { type Row, toValue } from "../../../core/values/value.ts";
import { recordBatches } from "../../record_batches.ts";
import { Joiner } from "../joiner.ts";
import { type HeldToken, MAX_JOINED } from "../key_claims.ts";
import { type OpenParts, PostgresEngine } from "../postgres_engine.ts";
import { RecordTable } from "./record_table.ts";

/** Number of rows in a statement. */
const BATCH_ROWS = 1000;

/** The records of a `Store` in a table of a PostgreSQL database. */
export class PostgresRecords extends PostgresEngine implements RecordsBackend {
  readonly #table: RecordTable;
  readonly #ids: Joiner<string, Row | undefined>;

  /** @param columns The types of the params' columns. Default: those of the table, or of the first params. */
  constructor(parts: OpenParts, columns: RecordsTable["columns"]) {
    super(parts);
    this.#table = new RecordTable(this.connections, this.names, this.location, columns);
    this.#ids = new Joiner((ids) => this.#table.find(ids), { maxItems: MAX_JOINED });
  }

  protected makeOwnTables(): Promise<void> {
    return this.connections.transaction((query) => this.#table.makeOwnTables(query));
  }

  protected async checkClaimed(key: Key): Promise<void> {
    this.#table.checkKey(key);
    if (await this.found(key) === undefined) await this.#table.checkFits(key);
  }

  protected async found(key: Key): Promise<Row | undefined> {
    const { shape, values: { id } } = key;
    const isById = shape.columns?.length === 1 && shape.columns[0] === "id" &&
      typeof id === "string";
    return isById ? await this.#ids.add(id) : await this.#table.look(key);
  }

  protected override prepared(row: Row): Row {
    return toRow(row);
  }

  protected addClaimed({ id, token }: HeldToken, row: Row, isRefused: boolean): Promise<boolean> {
    return this.#table.add([row], { id, token, isRefused });
  }

  protected clearRows(): Promise<void> {
    return this.#table.clear();
  }

  protected settled(): Promise<void> {
    return this.#ids.settled();
  }

  /** Returns true if the table exists. */
  exists(): Promise<boolean> {
    return this.trying(async () => (await this.#table.refresh()).size > 0);
  }

  columns(): Promise<readonly string[]> {
    return this.trying(async () => [...(await this.#table.refresh()).keys()]);
  }

  /** Returns the types of the params' columns. */
  recordColumns(first?: Row): Promise<TableColumns | undefined> {
    return this.trying(async () => {
      if (first) await this.#table.make(first);
      return await this.#table.types();
    });
  }

  override has(columns: Row): Promise<boolean> {
    return this.trying(async () => {
      const values = toValue(columns, "params") as Row; // without columns that are undefined
      return await this.#table.look({ shape: subsetShape(values), values }) !== undefined;
    });
  }

  async record(row: Row): Promise<void> {
    const added = toRow(row);
    await this.trying(() => this.#add([added]));
  }

  recordAll(
    rows: Iterable<Row> | AsyncIterable<Row>,
    { columns = [] }: RecordAllOptions = {},
  ): Promise<number> {
    return recordBatches(rows, columns, BATCH_ROWS, toRow, async (batch) => {
      if (batch.length > 0) await this.trying(() => this.#add(batch));
    });
  }

  async #add(rows: readonly Row[]): Promise<void> {
    await this.#table.make(rows[0]!);
    await this.#table.add(rows);
  }

  override remove(columns: Row): Promise<number> {
    return this.trying(async () => await this.#table.remove(removedKey(this.location, columns)));
  }

  removeKeys(keys: readonly Key[]): Promise<number> {
    return this.trying(async () => {
      let count = 0;
      for (const key of keys) count += await this.#table.remove(key);
      return count;
    });
  }

  /** Returns the rows, oldest first, in bounded memory. */
  async *rows({ columns }: RowsOptions = {}): AsyncGenerator<Row> {
    let after: readonly [string, string] | undefined;
    for (;;) {
      const { rows, last } = await this.trying(() => this.#table.page(after, BATCH_ROWS));
      for (const row of rows) yield columns ? pick(row, columns) : row;
      if (rows.length < BATCH_ROWS) return;
      after = last;
    }
  }

  rowsAfter(cursor?: string): Promise<RowsAfter> {
    return allRowsAfter(this, cursor);
  }
}
