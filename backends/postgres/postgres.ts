import type {
  ClaimAnswer,
  ClaimOptions,
  Failure,
  HeldKey,
  OpenOptions,
  RowsAfter,
} from "../../core/contract/backend.ts";
import {
  Engine,
  type RecordAllOptions,
  type RowsOptions,
  type ValueBatch,
} from "../../core/contract/engine.ts";
import { stamped } from "../../core/contract/stamped.ts";
import { removedKey, subsetShape } from "../../core/contract/subset_shape.ts";
import { StoreError } from "../../core/errors.ts";
import type { Key } from "../../core/keys/key.ts";
import { missingPermission } from "../../core/runtime/missing_permission.ts";
import { type Row, toValue } from "../../core/values/value.ts";
import { loadPg } from "../../packages/pg.ts";
import { recordBatches } from "../record_batches.ts";
import { Connections } from "./connections.ts";
import { type HeldToken, KeyClaims } from "./key_claims.ts";
import { tableNames } from "./layout.ts";
import { Owner } from "./owner.ts";
import { pgOptions } from "./pg_options.ts";
import { storeError } from "./postgres_errors.ts";
import { parsePostgresUrl, type PostgresUrl } from "./postgres_url.ts";
import { RowCursors } from "./row_cursors.ts";
import { RowLooks } from "./row_looks.ts";
import { RowPages } from "./row_pages.ts";
import { RowRecords } from "./row_records.ts";
import { RunTable } from "./run_table.ts";

/** Number of rows in an INSERT. */
const BATCH = 2000;

/** A store in a table of a PostgreSQL database, for any number of machines. */
export class PostgresBackend extends Engine {
  readonly location: string;
  readonly #connections: Connections;
  readonly #table: RunTable;
  readonly #looks: RowLooks;
  readonly #records: RowRecords;
  readonly #pages: RowPages;
  readonly #cursors: RowCursors;
  readonly #owner: Owner;
  readonly #claims: KeyClaims;
  #closing: Promise<void> | undefined;

  /** @param schema The schema of its tables. */
  constructor(
    connections: Connections,
    url: PostgresUrl,
    schema: string,
    { warn = console.warn }: OpenOptions = {},
  ) {
    super();
    this.location = url.location;
    const names = tableNames(schema, url.table);
    this.#connections = connections;
    this.#table = new RunTable(connections, names, this.location, warn);
    this.#looks = new RowLooks(this.#table);
    this.#records = new RowRecords(connections, this.#table, this.location);
    this.#pages = new RowPages(connections, this.#table);
    this.#cursors = new RowCursors(connections, this.#table);
    this.#owner = new Owner(connections, url, names, warn);
    this.#claims = new KeyClaims(connections, names, this.location, this.#owner, {
      makeTables: () => this.#table.makeOwnTables(),
      check: (key) => this.#table.checkWritable(Object.keys(key.values)),
      look: (key) => this.#looks.look(key, "all"),
      record: (held, row) => this.#recordClaimed(held, row),
    });
  }

  /** Runs a body; its errors are of the store. */
  async #trying<T>(body: () => Promise<T>): Promise<T> {
    this.#connections.checkOpen();
    try {
      return await body();
    } catch (error) {
      this.#connections.checkOpen();
      throw storeError(error, this.location);
    }
  }

  /** Returns true if the table exists. */
  exists(): Promise<boolean> {
    return this.#trying(async () => await this.#table.refresh() !== undefined);
  }

  columns(): Promise<readonly string[]> {
    return this.#trying(() => this.#table.columns());
  }

  override has(columns: Row): Promise<boolean> {
    return this.#trying(async () => {
      const values = toValue(columns, "params") as Row; // without columns that are undefined
      const key = { shape: subsetShape(values), values };
      const [found] = await this.#table.look([key], "none", false);
      return found !== undefined;
    });
  }

  override hasKey(key: Key): Promise<boolean> {
    return this.#trying(async () => await this.#looks.look(key, "none") !== undefined);
  }

  /** Returns for each of many keys if there is a row with exactly this key. */
  hasKeys(keys: readonly Key[]): Promise<boolean[]> {
    return Promise.all(keys.map((key) => this.hasKey(key)));
  }

  find(key: Key): Promise<Row | undefined> {
    return this.#trying(() => this.#looks.look(key, "all"));
  }

  override sourceOf(key: Key): Promise<string | undefined> {
    return this.#trying(() => this.#looks.source(key));
  }

  override savedResult(key: Key): Promise<Row | undefined> {
    return this.#trying(() => this.#looks.look(key, "result"));
  }

  async record(row: Row): Promise<void> {
    const added = stamped(row); // before anything changes
    await this.#trying(() => this.#records.add(added));
  }

  /** Adds many rows, a batch in one statement. */
  recordAll(
    rows: Iterable<Row> | AsyncIterable<Row>,
    { columns = [] }: RecordAllOptions = {},
  ): Promise<number> {
    return recordBatches(
      rows,
      columns,
      BATCH,
      stamped,
      (batch) => this.#trying(() => this.#records.addAll(batch, columns)),
    );
  }

  override remove(columns: Row): Promise<number> {
    return this.#trying(async () => await this.#table.remove([removedKey(this.location, columns)]));
  }

  removeKeys(keys: readonly Key[]): Promise<number> {
    return this.#trying(() => this.#table.removeKeys(keys));
  }

  /** Removes all rows and failures. */
  clear(): Promise<void> {
    return this.#trying(async () => {
      await this.#table.clear();
      await this.#claims.forgetAll();
    });
  }

  /** Returns the rows that exist when it begins, oldest first, in bounded memory. Nothing is locked. */
  async *rows({ columns }: RowsOptions = {}): AsyncGenerator<Row> {
    const upTo = await this.#trying(() => this.#pages.last());
    yield* this.#translated(this.#pages.rows({ after: "-1", upTo }, columns));
  }

  override async *valueBatches(columns: readonly string[]): AsyncGenerator<ValueBatch> {
    const upTo = await this.#trying(() => this.#pages.last());
    yield* this.#translated(this.#pages.valueBatches({ after: "-1", upTo }, columns));
  }

  /** Returns the rows that were added since a cursor. Values that other programs edit in place are not seen. */
  rowsAfter(cursor?: string): Promise<RowsAfter> {
    return this.#trying(async () => {
      const { range, ...since } = await this.#cursors.since(cursor);
      return { ...since, rows: this.#translated(this.#pages.rows(range)) };
    });
  }

  async *#translated<T>(items: AsyncGenerator<T>): AsyncGenerator<T> {
    try {
      for (;;) {
        const next = await this.#trying(() => items.next());
        if (next.done) return;
        yield next.value;
      }
    } finally {
      await items.return(undefined);
    }
  }

  claim(key: Key, options: ClaimOptions = {}): Promise<ClaimAnswer> {
    return this.#trying(() => this.#claims.claim(key, options));
  }

  async #recordClaimed(held: HeldToken, row: Row): Promise<void> {
    const added = stamped(row);
    await this.#trying(async () => {
      const { isDone, lease } = held;
      // Another client may have recorded it without a claim.
      const found = isDone && await this.#looks.look(held.key, "all");
      if (found && isDone(found)) {
        if (lease || !await this.#claims.end(held)) throw await this.#claims.lost(held);
        return;
      }
      const isRefused = lease !== undefined && !isDone;
      const isRecorded = await this.#records.addClaimed(held, added, isRefused);
      if (!isRecorded) throw await this.#claims.lost(held);
    });
  }

  held(): Promise<readonly HeldKey[]> {
    return this.#trying(() => this.#claims.held());
  }

  failures(): Promise<readonly Failure[]> {
    return this.#trying(() => this.#claims.failures());
  }

  forget(params: readonly Row[]): Promise<number> {
    return this.#trying(() => this.#claims.forget(params));
  }

  /** Ends the claims and closes the connections. Later calls are errors. */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    await this.#claims.settled();
    await this.#records.settled();
    await this.#looks.settled();
    try {
      await this.#owner.close();
    } finally {
      await this.#connections.close();
    }
  }
}

/**
 * Opens the store in a database.
 *
 * @throws {StoreError} If the URL makes no sense, the package is missing, or the server refuses.
 */
export async function open(location: string, options: OpenOptions): Promise<PostgresBackend> {
  const url = parsePostgresUrl(location);
  const pg = await loadPg(`open store "${url.location}"`);
  const { host, port } = pgOptions(url).options;
  if (!host.startsWith("/") && missingPermission([{ name: "net", host: `${host}:${port}` }])) {
    throw new StoreError(
      `Cannot open store "${url.location}": Deno gives this program no access to it; start it with ` +
        `--allow-net=${host}:${port}`,
    );
  }
  // One connection is that of the session that holds the lock of claims.
  const connections = new Connections(pg, url, url.pool - 1);
  try {
    const schema = url.schema ?? await connections.use(async ({ facts }) => facts.schema);
    if (schema === undefined) {
      throw new StoreError(
        `Cannot open store "${url.location}": no schema of the search path exists; give ?schema=…`,
      );
    }
    const backend = new PostgresBackend(connections, url, schema, options);
    await backend.exists();
    return backend;
  } catch (error) {
    await connections.close();
    throw storeError(error, url.location, "open");
  }
}
