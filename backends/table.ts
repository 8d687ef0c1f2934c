import type { BackendTable } from "../core/backend.ts";

/** The kinds of store that stet brings, by extension. Each loads when its first store is opened. */
export const table: BackendTable = {
  ".csv": () => import("./csv.ts"),
  ".json": () => import("./json.ts"),
  ".jsonl": () => import("./jsonl.ts"),
  ".ndjson": () => import("./jsonl.ts"),
  ".sqlite": () => import("./sqlite.ts"),
  ".db": () => import("./sqlite.ts"),
  ":memory:": () => import("./memory.ts"),
};
