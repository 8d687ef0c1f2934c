import { readCell } from "../values/cell.ts";
import { CELL_END, NAME_END } from "./key.ts";
import { type Row, setEntry } from "../values/value.ts";

/** The params of a key, from its text: the inverse of `Key.text`. */
export function keyParams(text: string): Row {
  const params: Row = {};
  for (const entry of text.split(CELL_END)) {
    const at = entry.indexOf(NAME_END);
    const value = readCell(entry.slice(at + 1));
    if (at !== -1 && value !== undefined) setEntry(params, entry.slice(0, at), value);
  }
  return params;
}
