import { type ApacheArrow, loadArrow } from "../packages/apache_arrow.ts";
import { arrowLayouts } from "./arrow_layout.ts";
import type { QueryResult } from "./query_result.ts";

/** The two forms of Arrow IPC: the stream (`.arrows`) and the file (`.arrow`, `.feather`). */
export type ArrowForm = "stream" | "file";

/**
 * A result as Arrow IPC, piece by piece. Integers are `int64` (those of 32 bits or less
 * `int32`), other numbers `float64` (the sums of integers too), times microseconds, in UTC those with a
 * zone; lists and structs stay what they are, and what else there is becomes text.
 *
 * @throws {StoreError} If the package apache-arrow is not installed.
 */
export async function* resultArrow(
  result: QueryResult,
  form: ArrowForm = "stream",
): AsyncGenerator<Uint8Array> {
  let arrow: ApacheArrow;
  try {
    arrow = await loadArrow();
  } catch (error) {
    result.close();
    throw error;
  }
  const layouts = result.types.map(arrowLayouts(arrow, result.duckdb));
  const fields = result.columns
    .map(({ name }, i) => new arrow.Field(name, layouts[i]!.type, true));
  const schema = new arrow.Schema(fields);
  function batchOf(columns: readonly (readonly unknown[])[]): object {
    const length = columns[0]?.length ?? 0;
    const children = columns.map((values, i) => layouts[i]!.dataOf(values));
    const type = new arrow.Struct(fields);
    const data = arrow.makeData({ type, length, nullCount: 0, children });
    return new arrow.RecordBatch(schema, data);
  }

  const writers = form === "file" ? arrow.RecordBatchFileWriter : arrow.RecordBatchStreamWriter;
  const { readable, writable } = writers.throughDOM();
  let trouble: { readonly error: unknown } | undefined;
  async function send(): Promise<void> {
    const writer = writable.getWriter();
    let isEmpty = true;
    try {
      for await (const columns of result.chunks()) {
        isEmpty = false;
        await writer.write(batchOf(columns)); // waits until there is room
      }
      if (isEmpty) await writer.write(batchOf(fields.map(() => []))); // it brings the schema
    } catch (error) {
      trouble = { error };
    } finally {
      await writer.close().catch(() => {}); // nobody reads it any more
    }
  }

  const sent = send();
  try {
    yield* readable;
    await sent;
    if (trouble) throw trouble.error;
  } finally {
    result.close();
  }
}
