/**
 * What a columnar format has to say to be a backend: how a file is read and how one is written. The
 * engine (columnar_backend.ts) does everything else: pending rows, merging, locking, indexing.
 *
 * @module
 */

import type { CellBatch } from "../../core/contract/cell_batch.ts";
import { checkColumn, orderColumns, TIMESTAMP } from "../../core/values/columns.ts";
import { ColumnError } from "../../core/errors.ts";
import type { Row, Value } from "../../core/values/value.ts";
import type { ColumnKind, SeenKind } from "./column_kind.ts";
import type { HeldFile } from "../files/held_file.ts";

/** A column of a file. */
export interface Column {
  readonly name: string;
  readonly kind: ColumnKind;
}

/** Some rows, column by column; undefined where a row has no value. */
export interface Batch {
  readonly length: number;
  readonly columns: readonly (readonly (Value | undefined)[])[];
}

/** A file that is held open: what it is does not change, whatever takes its path. */
export interface ColumnarFile {
  readonly columns: readonly Column[];
  readonly rowCount: number;
  /** What its writer noted in it. */
  readonly metadata: ReadonlyMap<string, string>;
  /** Whether another program wrote it, and kept the metadata of stet. */
  readonly isRewritten: boolean;

  /**
   * The rows from number `start` up to `end`, in their order. The file is held from when the first
   * batch is asked for to the last.
   */
  batches(columns: readonly string[], start: number, end: number): AsyncGenerator<Batch>;
}

/** What to write to a file. */
export interface Content {
  /** All its columns, in order. */
  readonly columns: readonly Column[];
  /** A file whose rows come first. */
  readonly base: ColumnarFile | undefined;
  /** Numbers of rows of `base` to leave out, ascending. */
  readonly gone: readonly number[];
  /** Rows that come after them. */
  readonly added: Iterable<Row>;
  readonly metadata: ReadonlyMap<string, string>;
}

/** What to write to a file of which only the rows are known, as they come. */
export interface NewContent {
  /** Columns that come first, in this order, if a row has them. */
  readonly names: readonly string[];
  readonly batches: AsyncIterable<CellBatch>;
  readonly metadata: ReadonlyMap<string, string>;
  /** A CSV file that has these rows and no others, and may be read instead. */
  readonly csv: string | undefined;
}

/** A format of files that hold columns. */
export interface ColumnarFormat {
  /** What people call it: `Parquet`. */
  readonly name: string;

  /** Whether `alpha` and `Alpha` can be two columns of a file. */
  readonly isCaseSensitive: boolean;

  /**
   * Reads what a file is. It stays held as long as it is used.
   *
   * @throws {FormatError} If it is none of the format, or has a column that a store cannot have.
   * @throws {StoreError} If the package that reads it is not installed.
   */
  open(held: HeldFile): Promise<ColumnarFile>;

  /** Writes a new file; how many rows it has. */
  write(path: string, content: Content): Promise<number>;

  /** Writes a new file in one go, in bounded memory; how many rows it has. */
  writeAnew(path: string, content: NewContent): Promise<number>;
}

/** The columns that a new file has. */
export function columnsInOrder(
  names: readonly string[],
  kinds: ReadonlyMap<string, SeenKind>,
): Column[] {
  const first = names.filter((name) => kinds.has(name));
  const columns = orderColumns(first, kinds.keys())
    .map((name) => ({ name, kind: kinds.get(name)!.kind }));
  // No format has files without columns.
  return columns.length > 0 ? columns : [{ name: TIMESTAMP, kind: "text" }];
}

/**
 * Checks that a file of a format can have more columns.
 *
 * @throws {TypeError} If one has a name that no file can have. @throws {ColumnError} If two differ in
 * case only, and the format cannot hold both.
 */
export function checkNames(
  path: string,
  { name: kind, isCaseSensitive }: ColumnarFormat,
  known: Iterable<string>,
  added: readonly string[],
): void {
  const folded = (name: string): string => isCaseSensitive ? name : name.toLowerCase();
  const spellings = new Map([...known].map((name) => [folded(name), name]));
  for (const name of added) {
    checkColumn(name);
    const other = spellings.get(folded(name));
    if (other !== undefined) {
      throw new ColumnError(
        `Cannot record in "${path}": the columns ${other} and ${name} differ in case only, ` +
          `which a ${kind} file cannot hold; rename one of them`,
      );
    }
    spellings.set(folded(name), name);
  }
}
