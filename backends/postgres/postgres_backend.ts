import type { MaybePromise, RowsAfter } from "../../core/contract/backend.ts";
import type {
  Finding,
  RecordAllOptions,
  RowsOptions,
  ValueBatch,
  VerifyOptions,
} from "../../core/contract/engine.ts";
import { repeatedFinding } from "../../core/contract/repeated_finding.ts";
import { stamped } from "../../core/contract/stamped.ts";
import { removedKey, subsetShape } from "../../core/contract/subset_shape.ts";
import type { Key } from "../../core/keys/key.ts";
import { type Row, toValue } from "../../core/values/value.ts";
import { recordBatches } from "../record_batches.ts";
import { CellPages } from "./cell_pages.ts";
import type { ClaimedRows, HeldToken } from "./key_claims.ts";
import { type OpenParts, PostgresEngine } from "./postgres_engine.ts";
import { KnownKeys } from "./known_keys.ts";
import { RowCursors } from "./row_cursors.ts";
import { RowLooks } from "./row_looks.ts";
import { RowPages } from "./row_pages.ts";
import { RowRecords } from "./row_records.ts";
import { RunTable } from "./run_table.ts";

/** Number of rows in an INSERT. */
const BATCH_ROWS = 2000;

/** A store in a table of a PostgreSQL database, with a column for each param, for any number of machines. */
export class PostgresBackend extends PostgresEngine {
  readonly #table: RunTable;
  readonly #looks: RowLooks;
  readonly #records: RowRecords;
  readonly #pages: RowPages;
  readonly #cursors: RowCursors;
  readonly #known: KnownKeys;

  constructor(parts: OpenParts) {
    super(parts);
    const { connections, location, names } = this;
    this.#table = new RunTable(connections, names, location, parts.warn);
    this.#looks = new RowLooks(this.#table);
    this.#records = new RowRecords(connections, this.#table, location);
    this.#pages = new RowPages(connections, this.#table);
    this.#cursors = new RowCursors(connections, this.#table);
    const cells = new CellPages(connections, this.#table, this.#pages);
    this.#known = new KnownKeys({
      look: (key) => this.trying(() => this.#looks.source(key)),
      state: () => this.trying(() => this.#table.state()),
      pages: (after, upTo, columns) => cells.pages({ after, upTo }, columns),
    });
  }

  protected makeOwnTables(): Promise<void> {
    return this.#table.makeOwnTables();
  }

  protected checkClaimed({ values }: Key): Promise<void> {
    return this.#table.checkWritable(Object.keys(values));
  }

  protected found(key: Key): Promise<Row | undefined> {
    return this.#looks.look(key, "all");
  }

  protected override foundAlong(
    ...[keys, isRead, send]: Parameters<NonNullable<ClaimedRows["lookAlong"]>>
  ): Promise<readonly (Row | undefined)[]> {
    return this.#table.lookAlong(keys, isRead ? "all" : "none", send);
  }

  protected addClaimed(held: HeldToken, row: Row, isRefused: boolean): Promise<boolean> {
    return this.#records.addClaimed(held, row, isRefused);
  }

  protected clearRows(): Promise<void> {
    return this.#table.clear();
  }

  protected async settled(): Promise<void> {
    await this.#records.settled();
    await this.#looks.settled();
  }

  /** Returns true if the table exists. */
  exists(): Promise<boolean> {
    return this.trying(async () => await this.#table.refresh() !== undefined);
  }

  columns(): Promise<readonly string[]> {
    return this.trying(() => this.#table.columns());
  }

  override has(columns: Row): Promise<boolean> {
    return this.trying(async () => {
      const values = toValue(columns, "params") as Row; // without columns that are undefined
      const key = { shape: subsetShape(values), values };
      const [found] = await this.#table.look([key], "none", false);
      return found !== undefined;
    });
  }

  override hasKey(key: Key): Promise<boolean> {
    return this.trying(async () => await this.#looks.look(key, "none") !== undefined);
  }

  override sourceOf(key: Key): MaybePromise<string | undefined> {
    this.connections.checkOpen();
    return this.#known.sourceOf(key);
  }

  override savedResult(key: Key): Promise<Row | undefined> {
    return this.trying(() => this.#looks.look(key, "result"));
  }

  async record(row: Row): Promise<void> {
    const added = stamped(row); // before anything changes
    await this.trying(() => this.#records.add(added));
  }

  /** Adds many rows, a batch in one statement. */
  recordAll(
    rows: Iterable<Row> | AsyncIterable<Row>,
    { columns = [] }: RecordAllOptions = {},
  ): Promise<number> {
    const add = (batch: readonly Row[]): Promise<void> =>
      this.trying(() => this.#records.addAll(batch, columns));
    return recordBatches(rows, columns, BATCH_ROWS, stamped, add);
  }

  override remove(columns: Row): Promise<number> {
    return this.trying(async () => await this.#table.remove([removedKey(this.location, columns)]));
  }

  removeKeys(keys: readonly Key[]): Promise<number> {
    return this.trying(() => this.#table.removeKeys(keys));
  }

  /** Returns the rows that exist when it begins, oldest first, in bounded memory. Nothing is locked. */
  async *rows({ columns }: RowsOptions = {}): AsyncGenerator<Row> {
    const upTo = await this.trying(() => this.#pages.last());
    yield* this.tryingEach(this.#pages.rows({ after: "-1", upTo }, columns));
  }

  override async *valueBatches(columns: readonly string[]): AsyncGenerator<ValueBatch> {
    const upTo = await this.trying(() => this.#pages.last());
    yield* this.tryingEach(this.#pages.valueBatches({ after: "-1", upTo }, columns));
  }

  /** Removes repeated rows with `repair`. Otherwise it finds nothing: the server checks its pages itself. */
  override verify({ repair = false }: VerifyOptions = {}): Promise<readonly Finding[]> {
    return this.trying(async () => {
      const repeats = repair ? await this.#table.removeRepeats() : 0;
      return repeats > 0 ? [repeatedFinding(repeats, true)] : [];
    });
  }

  /** Returns the rows that were added since a cursor. Values that other programs edit in place are not seen. */
  rowsAfter(cursor?: string): Promise<RowsAfter> {
    return this.trying(async () => {
      const { range, ...since } = await this.#cursors.since(cursor);
      // Numbers of rows have gaps: of those that were removed, or never committed.
      const count = since.isWhole ? { count: Number(range.upTo) } : {};
      return { ...since, ...count, rows: this.tryingEach(this.#pages.rows(range)) };
    });
  }
}
