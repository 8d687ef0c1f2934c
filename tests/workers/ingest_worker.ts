/**
 * Takes in the notes of a results folder: `ingest_worker.ts <store> <results folder>`.
 *
 * @module
 */

import process from "node:process";
import { Store } from "../../mod.ts";

const store = new Store({
  runner: () => {},
  store: process.argv[2]!,
  resultsDir: process.argv[3]!,
  columns: { n: "integer" },
});
await store.ingest();
await store.close();
