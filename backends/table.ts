import type { BackendTable } from "../core/backend.ts";

/** The kinds of store that stet brings, by extension or URL scheme. Each loads when its first store is opened. */
export const table: BackendTable = {
  ".csv": () => import("./csv.ts"),
  ".json": () => import("./json.ts"),
  ".jsonl": () => import("./jsonl.ts"),
  ".ndjson": () => import("./jsonl.ts"),
  ".parquet": () => import("./parquet.ts"),
  ".arrow": () => import("./arrow.ts"),
  ".feather": () => import("./arrow.ts"),
  ".arrows": () => import("./arrow.ts"),
  ".sqlite": () => import("./sqlite.ts"),
  ".sqlite3": () => import("./sqlite.ts"),
  ".db": () => import("./sqlite.ts"),
  "sqlite:": () => import("./sqlite.ts"),
  "http:": () => import("./http.ts"),
  "https:": () => import("./http.ts"),
  "postgresql:": () => import("./postgresql.ts"),
  ":memory:": () => import("./memory.ts"),
};
