/** The classes behind the kinds of store, for those who want one without the table. @module */
export { CsvBackend } from "./csv.ts";
export { HttpBackend } from "./http.ts";
export { JsonBackend } from "./json.ts";
export { JsonlBackend } from "./jsonl.ts";
export { MemoryBackend } from "./memory.ts";
export { SqliteBackend } from "./sqlite.ts";
