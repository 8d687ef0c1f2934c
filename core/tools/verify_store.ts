import fs from "node:fs";
import path from "node:path";
import type { Backend } from "../contract/backend.ts";
import type { Finding, VerifyOptions } from "../contract/engine.ts";
import { closeAfter } from "../runtime/close_after.ts";
import { engineOf } from "../contract/adapted_backend.ts";
import type { Engine } from "../contract/engine.ts";
import { ConflictError } from "./conflict_error.ts";
import { conflictLines } from "./conflict_lines.ts";
import { keyShape } from "../keys/key.ts";
import { removeUnfinishedStore, unfinishedOf } from "./make_whole.ts";
import { DEFAULT_STORE } from "../runs/open_stores.ts";
import { areRecords } from "../values/record_names.ts";
import type { Registry, StoreOptions } from "../contract/registry.ts";
import { repeatedFinding } from "../contract/repeated_finding.ts";
import { selectRows } from "./select_rows.ts";
import { openExisting } from "../contract/open_existing.ts";
import { uniteRows } from "./unite_rows.ts";
import { yielding } from "../runtime/yield_timer.ts";

/** Options of {@linkcode verify}. */
export interface VerifyStoreOptions extends VerifyOptions, StoreOptions {}

/** The type of {@linkcode verify}. */
export type VerifyFunction = (
  store?: string | URL,
  options?: VerifyStoreOptions,
) => Promise<readonly Finding[]>;

/** How many records without a result file are told. */
const MOST_MISSING = 20;

/** `verify` over the kinds of store that a registry knows. */
export function createVerify(registry: Registry): VerifyFunction {
  return async (store = DEFAULT_STORE, { repair = false, ...options } = {}) => {
    const quiet = { ...options, warn: () => {} }; // what is repaired is told in the findings
    const backend = engineOf(await openSomething(registry, store, quiet));
    return await closeAfter(async () => {
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
    }, () => backend.close());
  };
}

/** A store that is not there may have left something behind. */
async function openSomething(
  registry: Registry,
  store: string | URL,
  options: StoreOptions,
): Promise<Backend> {
  const backend = engineOf(await registry.open(store, options));
  const isKnown = await backend.exists() || hasLeftSomething(backend.location);
  if (isKnown) return backend;
  await backend.close();
  return await openExisting(registry, store, options); // says that it is not there
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

/** What the rows tell: some are there twice, some of one key differ, some result files are gone. */
async function rowFindings(backend: Engine): Promise<Finding[]> {
  const { columns, rows } = await selectRows(backend, {});
  if (areRecords(columns)) return await missingResults(backend);
  const source = { name: backend.location, rows };
  const all = keyShape(undefined);
  const findings: Finding[] = [];
  const add = (kind: Finding["kind"], message: string): void =>
    void findings.push({ kind, message, repaired: undefined });
  try {
    const { read, keys } = await uniteRows([source], all, undefined);
    if (read > keys) findings.push(repeatedFinding(read - keys, false));
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    const { count, conflicts } = error;
    add(
      "conflict",
      `${count} ${count === 1 ? "key has" : "keys have"} rows that differ; remove those that are ` +
        `wrong:\n${conflictLines(conflicts).map((line) => `  ${line}`).join("\n")}`,
    );
  }
  return findings;
}

async function missingResults(backend: Engine): Promise<Finding[]> {
  const findings: Finding[] = [];
  let count = 0;
  const rows = backend.rows({ columns: ["id", "result_file"] });
  for await (const { id, result_file: file } of yielding(rows)) {
    if (typeof file !== "string" || fs.existsSync(file)) continue;
    if (++count > MOST_MISSING) continue;
    findings.push({
      kind: "missing result",
      message: `the result file "${file}" of record ${String(id)} is gone; the next ` +
        `runOrRetrieve makes it anew`,
      repaired: undefined,
    });
  }
  if (count > MOST_MISSING) {
    const message = `${count - MOST_MISSING} more result files are gone`;
    findings.push({ kind: "missing result", message, repaired: undefined });
  }
  return findings;
}
