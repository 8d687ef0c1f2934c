/**
 * The contract of a columnar format: it reads a file and writes one. The engine (columnar_backend.ts) does
 * everything else: delta, compaction, locks, indexes.
 *
 * @module
 */

import type { CellBatch } from "../../core/contract/cell_batch.ts";
import { checkColumn } from "../../core/values/columns.ts";
import { ColumnError } from "../../core/errors.ts";
import type { Value } from "../../core/values/value.ts";
import type { ColumnKind } from "./column_kind.ts";
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

/** A file that is held open: it stays as it is, whatever takes its path. */
export interface ColumnarFile {
  readonly columns: readonly Column[];
  readonly rowCount: number;
  /** The metadata of its writer. */
  readonly metadata: ReadonlyMap<string, string>;
  /** True if another program wrote it, and kept the metadata of stet. */
  readonly isRewritten: boolean;

  /**
   * Yields the rows from number `start` up to `end`, in their order. The file is held from the first batch
   * to the last.
   */
  batches(columns: readonly string[], start: number, end: number): AsyncGenerator<Batch>;
}

/** The content of a new file. Its columns follow from its rows. */
export interface Content {
  /** Columns that come first, in this order, if a row has them. Default: as they come. */
  readonly names?: readonly string[];
  /** A file whose rows come first. Default: none. */
  readonly base?: ColumnarFile | undefined;
  /** Numbers of rows of `base` to leave out, ascending. Default: none. */
  readonly gone?: readonly number[];
  /** The rows after those of `base`. */
  readonly batches: AsyncIterable<CellBatch>;
  readonly metadata: ReadonlyMap<string, string>;
  /** A CSV file that has the rows of `batches` and no others, to be read in their place. Default: none. */
  readonly csv?: string | undefined;
}

/** A format of files that hold columns. */
export interface ColumnarFormat {
  /** Its name in messages: `Parquet`. */
  readonly name: string;

  /** True if `alpha` and `Alpha` can be two columns of a file. */
  readonly isCaseSensitive: boolean;

  /**
   * Opens a file, which stays held as long as it is used.
   *
   * @throws {FormatError} If it has another format, or a column that a store cannot have.
   * @throws {StoreError} If the package that reads it is not installed.
   */
  open(held: HeldFile): Promise<ColumnarFile>;

  /** Writes a new file in bounded memory, and returns the number of its rows. */
  write(path: string, content: Content): Promise<number>;
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
  added.forEach(checkColumn);
  const twins = isCaseSensitive ? undefined : caseTwins([...known, ...added]);
  if (!twins) return;
  throw new ColumnError(
    `Cannot record in "${path}": the columns ${twins.join(" and ")} differ in case only, ` +
      `which a ${kind} file cannot hold; rename one of them`,
  );
}

/** Returns two names that differ in case only. */
export function caseTwins(names: Iterable<string>): readonly [string, string] | undefined {
  const spellings = new Map<string, string>();
  for (const name of names) {
    const other = spellings.get(name.toLowerCase());
    if (other !== undefined) return [other, name];
    spellings.set(name.toLowerCase(), name);
  }
  return undefined;
}
