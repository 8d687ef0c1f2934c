import type { ApacheArrow, ArrowData, ArrowField } from "./apache_arrow.ts";

/** The two forms of Arrow IPC: the stream (`.arrows`) and the file (`.arrow`, `.feather`). */
export type ArrowForm = "stream" | "file";

/** Some rows as the data of each column. */
export interface ArrowColumns {
  readonly length: number;
  readonly columns: readonly ArrowData[];
}

/**
 * Encodes rows as Arrow IPC, piece by piece, on demand.
 *
 * @param batches At least one, which may be empty: the first brings the schema.
 */
export async function* arrowStream(
  arrow: ApacheArrow,
  fields: readonly ArrowField[],
  batches: AsyncIterable<ArrowColumns>,
  form: ArrowForm = "stream",
): AsyncGenerator<Uint8Array> {
  const schema = new arrow.Schema(fields);
  const type = new arrow.Struct(fields);
  const writers = form === "file" ? arrow.RecordBatchFileWriter : arrow.RecordBatchStreamWriter;
  const { readable, writable } = writers.throughDOM();
  let trouble: { readonly error: unknown } | undefined;
  async function send(): Promise<void> {
    const writer = writable.getWriter();
    try {
      for await (const { length, columns } of batches) {
        const data = arrow.makeData({ type, length, nullCount: 0, children: columns });
        await writer.write(new arrow.RecordBatch(schema, data)); // waits until there is room
      }
    } catch (error) {
      trouble = { error };
    } finally {
      await writer.close().catch(() => {}); // its reader has ended
    }
  }

  const sent = send();
  yield* readable;
  await sent;
  if (trouble) throw trouble.error;
}
