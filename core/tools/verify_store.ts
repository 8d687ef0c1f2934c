import fs from "node:fs";
import path from "node:path";
import type { Engine, Finding, VerifyOptions } from "../contract/engine.ts";
import { ConflictError, conflictLines } from "./conflict_error.ts";
import { keyShape } from "../keys/key.ts";
import { removeUnfinishedStore, unfinishedOf } from "./make_whole.ts";
import { DEFAULT_STORE } from "../runs/open_stores.ts";
import { areRecords } from "../values/record_names.ts";
import type { Registry, StoreOptions } from "../contract/registry.ts";
import { repeatedFinding } from "../contract/repeated_finding.ts";
import { selectRows } from "./select_rows.ts";
import { withStore } from "../contract/open_existing.ts";
import { uniteRows } from "./unite_rows.ts";
import { yielding } from "../runtime/yield_timer.ts";

/** Options of {@linkcode verify}. */
export interface VerifyStoreOptions extends VerifyOptions, StoreOptions {}

/** Maximum number of records without a result file that are listed. */
const MAX_LISTED = 20;

/** Returns what is wrong with a store, and repairs it if asked to. */
export async function verify(
  registry: Registry,
  store: string | URL = DEFAULT_STORE,
  { repair = false, ...options }: VerifyStoreOptions = {},
): Promise<readonly Finding[]> {
  const quiet = { ...options, warn: () => {} }; // what is repaired is in the findings
  return await withStore(registry, store, quiet, async (backend) => {
    const findings = [...await backend.verify({ repair })];
    if (path.isAbsolute(backend.location)) {
      for (const file of await unfinishedOf(registry, store, backend.location, quiet)) {
        const message = `"${file}" was begun by a process that died`;
        findings.push({ kind: "leftover", message, repaired: repair ? "removed it" : undefined });
        if (repair) removeUnfinishedStore(file);
      }
    }
    const isReadable = findings.every(({ kind, repaired }) =>
      kind !== "unreadable" || repaired !== undefined
    );
    return isReadable ? [...findings, ...await rowFindings(backend)] : findings;
  }, async (backend) => await backend.exists() || hasLeftSomething(backend.location));
}

function hasLeftSomething(location: string): boolean {
  if (!path.isAbsolute(location)) return false;
  const base = path.basename(location);
  return fs.readdirSync(path.dirname(location)).some((name) =>
    name.startsWith(`${base}-`) && name !== `${base}-logs` || name.startsWith(`${base}.pending`) ||
    name === `.${base}.tmp` ||
    name.startsWith(`.${base}.merge-`) || name === `.${base}.pending.jsonl.tmp` ||
    name.startsWith(".stet-") && name.includes(base)
  );
}

/** Returns the findings in the rows: repeated rows, rows of a key that differ, missing result files. */
async function rowFindings(backend: Engine): Promise<Finding[]> {
  const { columns, rows } = await selectRows(backend, {});
  if (areRecords(columns)) return await missingResults(backend);
  const source = { name: backend.location, rows };
  try {
    const { read, keys } = await uniteRows([source], keyShape(undefined), undefined);
    return read > keys ? [repeatedFinding(read - keys, false)] : [];
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    const { count, conflicts } = error;
    const message =
      `${count} ${count === 1 ? "key has" : "keys have"} rows that differ; remove those that are ` +
      `wrong:\n${conflictLines(conflicts).map((line) => `  ${line}`).join("\n")}`;
    return [{ kind: "conflict", message, repaired: undefined }];
  }
}

async function missingResults(backend: Engine): Promise<Finding[]> {
  const messages: string[] = [];
  let count = 0;
  const rows = backend.rows({ columns: ["id", "result_file"] });
  for await (const { id, result_file: file } of yielding(rows)) {
    if (typeof file !== "string" || fs.existsSync(file) || ++count > MAX_LISTED) continue;
    messages.push(
      `the result file "${file}" of record ${String(id)} is gone; the next ` +
        `runOrRetrieve makes it anew`,
    );
  }
  if (count > MAX_LISTED) messages.push(`${count - MAX_LISTED} more result files are gone`);
  return messages.map((message) => ({ kind: "missing result", message, repaired: undefined }));
}
