import type { CellColumn } from "../../core/contract/cell_batch.ts";
import { fileText, readCell } from "../../core/values/cell.ts";
import { decodeUtf8 } from "../text/decode_utf8.ts";
import { CellColumnBuilder } from "./cell_batch_builder.ts";

const QUOTE = 34, BACKSLASH = 92;

/** Returns a column of cell text as it is in a file, where strings with newlines and tabs are themselves. */
export function fileCells(column: CellColumn): CellColumn {
  const { name, bytes, offsets } = column;
  const length = offsets.length - 1;
  let builder: CellColumnBuilder | undefined;
  for (let i = 0; i < length; i++) {
    const start = offsets[i]!, end = offsets[i + 1]!;
    const isEscaped = bytes[start] === QUOTE && end > start &&
      bytes.subarray(start, end).includes(BACKSLASH);
    if (isEscaped && !builder) {
      builder = new CellColumnBuilder(name, length);
      for (let row = 0; row < i; row++) {
        builder.ascii(bytes, offsets[row]!, offsets[row + 1]!).endRows(row + 1);
      }
    }
    if (isEscaped) builder!.text(fileText(readCell(decodeUtf8(bytes, start, end))!));
    else builder?.ascii(bytes, start, end);
    builder?.endRows(i + 1);
  }
  return builder?.take() ?? column;
}
