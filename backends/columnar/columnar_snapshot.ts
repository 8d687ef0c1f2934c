import type { Row } from "../../core/values/value.ts";

/** The rows of a columnar store at one moment: those in its file, and those that are not there yet. */
export interface ColumnarSnapshot {
  /** How a Parquet file is read in SQL; undefined of other formats, and while there is none. */
  readonly parquet: ParquetSource | undefined;
  /** How many rows the file has. They come before those that are pending. */
  readonly rowCount: number;
  /** How many rows are pending. */
  readonly pendingCount: number;
  /** The pending rows; they can be gone through once. */
  readonly pending: Iterable<Row>;
  /** Lets the files go. */
  close(): void;
}

/** A Parquet file in SQL. */
export interface ParquetSource {
  /**
   * Names the file as it is at this moment, whatever takes its place, until the snapshot is closed; as
   * `read_parquet` takes it, patterns escaped. The name may be that of another file later: DuckDB is to
   * have `enable_external_file_cache` off.
   */
  readonly path: string;
  readonly columns: readonly ParquetSourceColumn[];
}

/** A column of a Parquet file. */
export interface ParquetSourceColumn {
  readonly name: string;
  /** BIGINT, DOUBLE, BOOLEAN, or VARCHAR that is canonical cell text. NULL is absent. */
  readonly kind: "integer" | "double" | "boolean" | "text";
  /** What stands for it in SQL: files of other programs have other types. */
  readonly sql: string;
}
