import type { BackendTable } from "../core/contract/backend.ts";

/** The kinds of store that stet brings, by extension or URL scheme. Each loads when its first store is opened. */
export const table: BackendTable = {
  ".csv": () => import("./text/csv.ts"),
  ".json": () => import("./text/json.ts"),
  ".jsonl": () => import("./text/jsonl.ts"),
  ".ndjson": () => import("./text/jsonl.ts"),
  ".parquet": () => import("./parquet/parquet.ts"),
  ".arrow": () => import("./arrow/arrow.ts"),
  ".feather": () => import("./arrow/arrow.ts"),
  ".arrows": () => import("./arrow/arrow.ts"),
  ".sqlite": () => import("./sqlite/sqlite.ts"),
  ".sqlite3": () => import("./sqlite/sqlite.ts"),
  ".db": () => import("./sqlite/sqlite.ts"),
  "sqlite:": () => import("./sqlite/sqlite.ts"),
  "http:": () => import("./http/http.ts"),
  "https:": () => import("./http/http.ts"),
  "postgresql:": () => import("./postgres/postgres.ts"),
  ":memory:": () => import("./memory.ts"),
};
