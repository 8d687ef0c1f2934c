/** The classes behind the kinds of store, for those who want one without the table. @module */
export { ArrowBackend } from "./arrow.ts";
export { CsvBackend } from "./csv.ts";
export { JsonBackend } from "./json.ts";
export { JsonlBackend } from "./jsonl.ts";
export { MemoryBackend } from "./memory.ts";
export { ParquetBackend } from "./parquet.ts";
export { SqliteBackend } from "./sqlite.ts";
