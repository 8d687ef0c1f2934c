/** The classes behind the kinds of store, for those who want one without the table. @module */
export { CsvBackend } from "./csv.ts";
export { MemoryBackend } from "./memory.ts";
