import fs from "node:fs";
import { setImmediate } from "node:timers";
import { closeAfter } from "../../core/runtime/close_after.ts";
import { writeCell } from "../../core/values/cell.ts";
import type { CellBatch } from "../../core/contract/cell_batch.ts";
import { CellBatchBuilder } from "../columnar/cell_batch_builder.ts";
import { fileCells } from "../columnar/file_cells.ts";
import { YieldTimer } from "../../core/runtime/yield_timer.ts";
import { withNames } from "./arrow_names.ts";
import type {
  ApacheArrow,
  ArrowField,
  ArrowSchema,
  ArrowWriter,
} from "../../packages/apache_arrow.ts";
import { cellsData } from "./arrow_cells.ts";
import { ArrowFile } from "./arrow_file.ts";
import type { Column, ColumnarFile, Content } from "../columnar/columnar_format.ts";
import { NewColumns } from "../columnar/new_columns.ts";
import { writeAll } from "../files/file_bytes.ts";
import { HeldFile } from "../files/held_file.ts";
import { removeFile } from "../files/system_error.ts";

/** Types of columns. */
const TYPES = { integer: "Int64", double: "Float64", boolean: "Bool", text: "Utf8" } as const;

/**
 * Writes a file, and returns the number of its rows. When a column turns out to be of another kind, or a
 * new one comes, the rows written so far are written again.
 */
export async function writeArrow(
  arrow: ApacheArrow,
  path: string,
  { names = [], base, gone = [], batches, metadata }: Content,
  isFile: boolean,
): Promise<number> {
  const columns = new NewColumns(names, base);
  let file: NewArrowFile | undefined;
  const begin = async (): Promise<NewArrowFile> => {
    const begun = file && `${path}.begun`;
    await file?.finish();
    if (begun) fs.renameSync(path, begun);
    file = new NewArrowFile(arrow, path, columns.all, metadata, isFile);
    if (begun) await addBegun(arrow, file, begun, isFile);
    else if (base) await file.addFile(base, gone);
    return file;
  };
  return await closeAfter(async () => {
    for await (const batch of batches) {
      const isChanged = await columns.add(batch);
      if (isChanged || !file) await begin();
      await file!.addCells(batch);
    }
    return (file ?? await begin()).rowCount;
  }, () => file?.finish());
}

async function addBegun(
  arrow: ApacheArrow,
  file: NewArrowFile,
  path: string,
  isFile: boolean,
): Promise<void> {
  const held = HeldFile.open(path)!;
  removeFile(path);
  try {
    await file.addFile(ArrowFile.open(arrow, held, isFile), []);
  } finally {
    held.release();
  }
}

/** A file that is being written, record batch by record batch. */
class NewArrowFile {
  /** The number of rows so far. */
  rowCount = 0;
  readonly #arrow: ApacheArrow;
  readonly #columns: readonly Column[];
  readonly #fields: readonly ArrowField[];
  readonly #schema: ArrowSchema;
  readonly #writer: ArrowWriter;
  readonly #fd: number;
  readonly #writing: Promise<void>;
  #isFinished = false;

  constructor(
    arrow: ApacheArrow,
    path: string,
    columns: readonly Column[],
    metadata: ReadonlyMap<string, string>,
    isFile: boolean,
  ) {
    this.#arrow = arrow;
    this.#columns = columns;
    this.#fields = columns.map(({ name, kind }) =>
      new arrow.Field(name, new arrow[TYPES[kind]](), true)
    );
    this.#schema = new arrow.Schema(
      this.#fields,
      withNames(metadata, columns.map(({ name }) => name)),
    );
    this.#writer = isFile ? new arrow.RecordBatchFileWriter() : new arrow.RecordBatchStreamWriter();
    this.#writer.reset(undefined, this.#schema);
    this.#fd = fs.openSync(path, "wx");
    this.#writing = this.#write();
    this.#writing.catch(() => {}); // `finish` awaits it
  }

  /** Adds the rows of another file, except those with some numbers, ascending. */
  async addFile(base: ColumnarFile, gone: readonly number[]): Promise<void> {
    const names = base.columns.map(({ name }) => name);
    const cells = new CellBatchBuilder();
    const columns = names.map((name) => cells.column(name));
    const timer = new YieldTimer();
    let number = 0;
    let nextGone = 0;
    for await (const batch of base.batches(names, 0, base.rowCount)) {
      for (let i = 0; i < batch.length; i++, number++) {
        if (number === gone[nextGone]) {
          nextGone++;
          continue;
        }
        for (let c = 0; c < columns.length; c++) {
          const value = batch.columns[c]![i];
          if (value !== undefined) columns[c]!.text(writeCell(value));
        }
        cells.endRow();
        if (cells.isFull) await this.addCells(cells.take());
        if (timer.isDue(16)) await timer.yield();
      }
    }
    if (cells.length > 0) await this.addCells(cells.take());
  }

  /** Adds cells, which fit the kinds of the columns. */
  async addCells({ length, columns }: CellBatch): Promise<void> {
    const arrow = this.#arrow;
    const children = this.#columns.map(({ name, kind }, i) => {
      const cells = columns.find((column) => column.name === name) ??
        { name, bytes: new Uint8Array(0), offsets: new Int32Array(length + 1) };
      const written = kind === "text" ? fileCells(cells) : cells;
      return cellsData(arrow, kind, this.#fields[i]!.type, written);
    });
    const type = new arrow.Struct(this.#fields);
    const data = arrow.makeData({ type, length, nullCount: 0, children });
    this.#writer.write(new arrow.RecordBatch(this.#schema, data));
    this.rowCount += length;
    await new Promise((resolve) => setImmediate(resolve)); // the writing catches up
  }

  /** Ends the file. @throws {Error} If a write failed since the beginning. */
  async finish(): Promise<void> {
    if (this.#isFinished) return;
    this.#isFinished = true;
    this.#writer.finish();
    await this.#writing.finally(() => fs.closeSync(this.#fd));
  }

  async #write(): Promise<void> {
    for await (const bytes of this.#writer) writeAll(this.#fd, bytes, null);
  }
}
