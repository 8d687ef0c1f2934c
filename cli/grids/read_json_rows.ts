import fs from "node:fs";
import { parseJson } from "../../core/values/json.ts";
import { isPlainObject, type Row, toValue } from "../../core/values/value.ts";

/**
 * Gives the objects of a JSON array or of JSON Lines, with JSON's own types: a string is a string, not
 * cell text as in a store.
 *
 * @throws {SyntaxError} If the file is no JSON. @throws {TypeError} If it holds something else.
 */
export function readJsonRows(file: string): Row[] {
  const text = fs.readFileSync(file, "utf8").replace(/^\ufeff/, "");
  const isArray = /\.json$/i.test(file);
  const values = isArray
    ? parseJson(text)
    : text.split("\n").filter((line) => line.trim() !== "").map((line) => parseJson(line));
  if (!Array.isArray(values) || !values.every(isPlainObject)) {
    throw new TypeError(
      isArray ? "it must be an array of objects" : "each line of it must be an object",
    );
  }
  return values.map((value, i) => toValue(value, `row ${i + 1}`) as Row);
}
