/** Some rows, column by column, as cell text. */
export interface CellBatch {
  /** Number of rows. */
  readonly length: number;
  readonly columns: readonly CellColumn[];
}

/** The cells of a column, in UTF-8, one after the other: the layout of text in Arrow. */
export interface CellColumn {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Offset of each cell, and the end of the last one. A cell of no bytes is absent. */
  readonly offsets: Int32Array;
}
