import { type ApacheArrow, loadArrow } from "../packages/apache_arrow.ts";
import { type ArrowColumns, type ArrowForm, arrowStream } from "../packages/arrow_stream.ts";
import { arrowLayouts } from "./arrow_layout.ts";
import type { QueryResult } from "./query_result.ts";

/**
 * Encodes a result as Arrow IPC, piece by piece. Integers are `int64` (those of 32 bits or less
 * `int32`), other numbers `float64` (the sums of integers too), times microseconds, in UTC those with a
 * zone; lists and structs are kept, and every other type becomes text.
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

  function dataOf(values: readonly (readonly unknown[])[]): ArrowColumns {
    return {
      length: values[0]?.length ?? 0,
      columns: values.map((each, i) => layouts[i]!.dataOf(each)),
    };
  }

  async function* batches(): AsyncGenerator<ArrowColumns> {
    let isEmpty = true;
    for await (const columns of result.chunks()) {
      isEmpty = false;
      yield dataOf(columns);
    }
    if (isEmpty) yield dataOf(fields.map(() => [])); // it brings the schema
  }

  try {
    yield* arrowStream(arrow, fields, batches(), form);
  } finally {
    result.close();
  }
}
