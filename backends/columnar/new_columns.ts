import type { CellBatch } from "../../core/contract/cell_batch.ts";
import { orderColumns, TIMESTAMP } from "../../core/values/columns.ts";
import { columnKind, kindOfCells, type SeenKind } from "./column_kind.ts";
import type { Column, ColumnarFile } from "./columnar_format.ts";

/** The columns of a file that is being written, as its rows come. */
export class NewColumns {
  readonly #names: readonly string[];
  readonly #base: ColumnarFile | undefined;
  readonly #kinds = new Map<string, SeenKind>();

  /**
   * @param names Columns that come first, in this order, if a row has them.
   * @param base A file whose rows the new one has.
   */
  constructor(names: readonly string[], base?: ColumnarFile) {
    this.#names = [...names, ...base?.columns.map(({ name }) => name) ?? []];
    this.#base = base;
    for (const { name, kind } of base?.columns ?? []) this.#kinds.set(name, kind);
  }

  /** Takes the cells of a batch into account. Returns true if a column is new or of another kind now. */
  async add({ columns }: CellBatch): Promise<boolean> {
    let isChanged = false;
    for (const column of columns) {
      const { name } = column;
      const before = this.#kinds.get(name);
      let after = kindOfCells(column, before);
      if (after === before || after === undefined) continue;
      if (before === "integer" && after === "double" && await this.#hasLong(name)) after = "text";
      this.#kinds.set(name, after);
      isChanged ||= before === undefined || columnKind(before) !== columnKind(after);
    }
    return isChanged;
  }

  /** The columns in the order of the file. */
  get all(): readonly Column[] {
    const first = this.#names.filter((name) => this.#kinds.has(name));
    const names = orderColumns(first, this.#kinds.keys());
    // No format has files without columns.
    if (names.length === 0) return [{ name: TIMESTAMP, kind: "text" }];
    return names.map((name) => ({ name, kind: columnKind(this.#kinds.get(name)!) }));
  }

  /** Returns true if a column of integers in the base has one that a double does not keep. */
  async #hasLong(name: string): Promise<boolean> {
    if (!this.#base?.columns.some((column) => column.name === name)) return false;
    for await (const { columns } of this.#base.batches([name], 0, this.#base.rowCount)) {
      if (columns[0]!.some((value) => typeof value === "bigint")) return true;
    }
    return false;
  }
}
