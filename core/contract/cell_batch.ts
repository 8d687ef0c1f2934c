/** Some rows, column by column, as cell text. */
export interface CellBatch {
  /** How many rows. */
  readonly length: number;
  readonly columns: readonly CellColumn[];
}

/** The cells of a column, in UTF-8, one after the other: the layout of text in Arrow. */
export interface CellColumn {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Where each cell begins, and where the last one ends. A cell of no bytes is absent. */
  readonly offsets: Int32Array;
}
