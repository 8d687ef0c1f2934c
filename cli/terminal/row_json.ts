import { encodeJsonResult } from "../../core/values/json_row.ts";
import { type Row, toValue } from "../../core/values/value.ts";

/** Returns a row as JSON for any program, in the order of its columns: `nan` and `inf` are strings. */
export function rowJson(row: Row): string {
  const entries = Object.entries(row)
    .map(([name, value]) => `${JSON.stringify(name)}:${encodeJsonResult(value)}`);
  return `{${entries.join(",")}}`;
}

/** Returns an object as such JSON. @param what Its name in errors. */
export function valueJson(object: object, what: string): string {
  return rowJson(toValue(object, what) as Row);
}
