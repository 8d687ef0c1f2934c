import {
  type ApacheArrow,
  type ArrowSchema,
  loadArrow as loadApacheArrow,
} from "../../packages/apache_arrow.ts";
import type { ArrowVector } from "./arrow_types.ts";

/** What a store uses of the package `apache-arrow`. */
export interface Arrow extends ApacheArrow {
  readonly Type: Readonly<Record<string, number>>;
  readonly Schema: new (
    fields: ConstructorParameters<ApacheArrow["Schema"]>[0],
    metadata?: ReadonlyMap<string, string>,
  ) => ArrowSchema;
  readonly RecordBatchReader: {
    from(bytes: Uint8Array): Iterable<RecordBatch> & {
      open(): { readonly schema: ArrowSchema };
    };
  };
  readonly RecordBatchFileWriter: ApacheArrow["RecordBatchFileWriter"] & (new () => Writer);
  readonly RecordBatchStreamWriter: ApacheArrow["RecordBatchStreamWriter"] & (new () => Writer);
}

/** A record batch that was read. */
export interface RecordBatch {
  readonly numRows: number;
  getChildAt(index: number): ArrowVector;
}

/** What record batches are given to, and their bytes taken from. */
export interface Writer extends AsyncIterable<Uint8Array> {
  reset(sink: undefined, schema: ArrowSchema): this;
  write(batch: object): void;
  finish(): void;
  toUint8Array(sync: true): Uint8Array;
}

/** Arrow, loaded when it is first needed. @throws {StoreError} If it is not installed. */
export async function loadArrow(): Promise<Arrow> {
  return await loadApacheArrow("use Arrow") as Arrow;
}
