import { loadDuckDb } from "../duckdb/duckdb.ts";

/** Options of tests that need DuckDB, which is installed by scripts/test_all.ts and by nothing else. */
export const withDuckDb: { readonly skip: string | false } = await loadDuckDb().then(
  () => ({ skip: false }),
  (error: Error) => ({ skip: error.message }),
);
