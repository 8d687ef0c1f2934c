/** Names of the columns that a record has besides its params, in both spellings. */
const RESERVED: ReadonlySet<string> = new Set([
  "id",
  "result_file",
  "created_at",
  "custom_data",
  "resultFile",
  "createdAt",
  "customData",
]);

/** True if a column of a record holds a param. */
export function isParamColumn(name: string): boolean {
  return !RESERVED.has(name) && !name.startsWith("_stet_");
}

/** True if rows with these columns are the records of a `Store`. */
export function areRecords(columns: readonly string[]): boolean {
  return ["id", "result_file", "created_at", "custom_data"].every((name) => columns.includes(name));
}

/** True if a name among the params of a `Store` is none of them. */
export function isReservedParam(name: string): boolean {
  return RESERVED.has(name);
}
