import { fileText, readCell, writeCell } from "./cell.ts";
import { orderColumns } from "./columns.ts";
import { canonicalJson, jsonString } from "./json.ts";
import { isArray, type Row, setEntry, type Value } from "./value.ts";

/**
 * A row as a JSON object on one line, the timestamp last; in JSON stores and on the wire. Its values
 * are as `encodeJsonValue` writes them.
 */
export function encodeJsonRow(row: Row): string {
  const entries = orderColumns(Object.keys(row), []).map((name) =>
    `${jsonString(name)}: ${encodeJsonValue(row[name]!)}`
  );
  return `{${entries.join(", ")}}`;
}

/**
 * A value of a cell as JSON. Numbers, booleans, null, arrays and objects are themselves; a string is
 * cell text, and so is what JSON has no form for (`nan`, large bigints).
 */
function encodeJsonValue(value: Value): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") return jsonString(fileText(value));
  const cell = writeCell(value);
  return /^-?(?:nan|inf)$|n$|NaN|Infinity/.test(cell) ? jsonString(cell) : cell;
}

/**
 * A result as JSON for programs of any language: a string is itself, also where it would read as
 * something else in a cell. What JSON has no form for is a string (`nan`, `inf`).
 */
export function encodeJsonResult(value: Value): string {
  if (typeof value === "number" && !Number.isFinite(value)) return jsonString(writeCell(value));
  if (typeof value !== "object" || value === null) return canonicalJson(value);
  if (isArray(value)) return `[${value.map(encodeJsonResult).join(",")}]`;
  const entries = Object.entries(value).map(([name, entry]) =>
    `${jsonString(name)}:${encodeJsonResult(entry)}`
  );
  return `{${entries.join(",")}}`;
}

/**
 * Returns a value as text for programs that know no cell text: a string is itself, null is empty, and any other
 * value is JSON, `nan`, `inf` or `-inf`. Different values may have equal texts.
 */
export function plainText(value: Value): string {
  if (typeof value === "string") return value;
  if (value === null) return "";
  return typeof value === "number" ? writeCell(value) : encodeJsonResult(value);
}

/** The row that a parsed JSON object spells; the inverse of {@linkcode encodeJsonRow}. */
export function decodeJsonRow(json: Readonly<Record<string, Value>>): Row {
  const row: Row = {};
  for (const name of Object.keys(json)) {
    const given = json[name]!;
    const value = typeof given === "string" ? readCell(given) : given;
    if (value !== undefined) setEntry(row, name, value);
  }
  return row;
}
