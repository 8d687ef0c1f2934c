import { loadPackage, type OptionalPackage } from "./load_package.ts";

/** The package. */
export const ARROW: OptionalPackage = { name: "apache-arrow", version: "21.2.0" };

/** A type of Arrow. */
export type ArrowType = object;

/** Values in Arrow's memory layout. */
export type ArrowData = object;

/** The part of `apache-arrow` that is used, in types of our own, as in duckdb.ts. */
export interface ApacheArrow {
  readonly Type: Readonly<Record<string, number>>;
  readonly Bool: new () => ArrowType;
  readonly Int32: new () => ArrowType;
  readonly Int64: new () => ArrowType;
  readonly Float64: new () => ArrowType;
  readonly Utf8: new () => ArrowType;
  readonly Timestamp: new (unit: number, zone: string | null) => ArrowType;
  readonly TimeUnit: { readonly MICROSECOND: number };
  readonly List: new (element: ArrowField) => ArrowType;
  readonly Struct: new (fields: readonly ArrowField[]) => ArrowType;
  readonly Field: new (name: string, type: ArrowType, nullable: boolean) => ArrowField;
  readonly Schema: new (
    fields: readonly ArrowField[],
    metadata?: ReadonlyMap<string, string>,
  ) => ArrowSchema;
  readonly RecordBatch: new (schema: ArrowSchema, data: ArrowData) => object;
  readonly RecordBatchReader: {
    from(bytes: Uint8Array): Iterable<ArrowBatch> & {
      open(): { readonly schema: ArrowSchema };
    };
  };
  readonly RecordBatchStreamWriter: ArrowWriters;
  readonly RecordBatchFileWriter: ArrowWriters;
  makeData(parts: object): ArrowData;
  vectorFromArray(values: readonly unknown[], type: ArrowType): {
    readonly data: readonly ArrowData[];
  };
}

/** Writers of a form of Arrow IPC. */
export interface ArrowWriters {
  new (): ArrowWriter;
  throughDOM(): {
    readonly writable: WritableStream<object>;
    readonly readable: ReadableStream<Uint8Array>;
  };
}

/** A writer that takes record batches and gives their bytes. */
export interface ArrowWriter extends AsyncIterable<Uint8Array> {
  reset(sink: undefined, schema: ArrowSchema): this;
  write(batch: object): void;
  finish(): void;
}

/** A record batch that was read. */
export interface ArrowBatch {
  readonly numRows: number;
  getChildAt(index: number): ArrowVector;
}

/** A column of a record batch. */
export interface ArrowVector {
  readonly data: readonly { readonly values: unknown }[];
  get(index: number): unknown;
}

/** A column's name and type. */
export interface ArrowField {
  readonly name: string;
  readonly type: ArrowType;
}

/** The columns of a table. */
export interface ArrowSchema {
  readonly fields: readonly ArrowField[];
}

/**
 * Loads Arrow when it is first needed.
 *
 * @param purpose The use of it, as the error says.
 * @throws {StoreError} If it is not installed.
 */
export async function loadArrow(purpose = "write Arrow"): Promise<ApacheArrow> {
  const module = await loadPackage(ARROW, purpose) as ApacheArrow & {
    readonly default?: ApacheArrow;
  };
  return module.RecordBatchStreamWriter ? module : module.default!;
}
