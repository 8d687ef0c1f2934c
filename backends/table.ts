import type { BackendTable } from "../core/backend.ts";

/** The kinds of store that stet brings, by extension. Each loads when its first store is opened. */
export const table: BackendTable = {
  ".csv": () => import("./csv.ts"),
  ":memory:": () => import("./memory.ts"),
};
