import fs from "node:fs";
import path from "node:path";
import type { Backend } from "../core/contract/backend.ts";
import { closeAfter } from "../core/runtime/close_after.ts";
import { engineOf } from "../core/contract/adapted_backend.ts";
import { messageOf, StoreError } from "../core/errors.ts";
import type { Registry, StoreOptions } from "../core/contract/registry.ts";
import { withStore } from "../core/contract/open_existing.ts";
import { directPath } from "../duckdb/open_direct_file.ts";
import type { QueryResult } from "./query_result.ts";
import { Run } from "./run.ts";
import { Session } from "./session.ts";

/** Options of {@linkcode query}. */
export interface QueryOptions extends Pick<StoreOptions, "backends"> {
  /**
   * True to let the SQL read files: `read_csv('results/*.csv', filename=true)`. It may never write.
   * Default: false.
   */
  readonly allowFiles?: boolean;
  /** Time-out in milliseconds. Default: none. */
  readonly timeout?: number;
  /** Maximum number of rows; `isCut` of the result is true if there were more. Default: all. */
  readonly maxRows?: number;
  /**
   * Maximum memory of DuckDB, in megabytes, before it spills to the disk. Default: four fifths of the
   * machine's. The value that one call of a function builds, as in `repeat('x', 3000000000)`, is not
   * counted, and no timeout stops it.
   */
  readonly maxMemoryMb?: number;
}

/** Runs SQL that only reads over a store. */
export async function query(
  registry: Registry,
  store: string | URL | Backend,
  sql: string,
  options: QueryOptions = {},
): Promise<QueryResult> {
  const resultOf = (run: Run, session: Session): Promise<QueryResult> =>
    run.result(sql, () => session.close());
  return await withRun(registry, store, options, resultOf, true);
}

/** Writes the result of SQL to a Parquet file, in one step, and resolves to the number of rows. */
export async function queryToParquet(
  registry: Registry,
  store: string | URL | Backend,
  sql: string,
  file: string,
  options: QueryOptions = {},
): Promise<number> {
  return await withRun(registry, store, options, async (run, { folder }) => {
    const target = path.resolve(file);
    const partial = path.join(path.dirname(target), `.${path.basename(target)}.tmp`);
    const made = path.join(folder, "rows.parquet");
    const count = await run.toParquet(sql, made);
    try {
      fs.copyFileSync(made, partial);
      fs.renameSync(partial, target);
    } catch (error) {
      if (fs.existsSync(partial)) fs.rmSync(partial);
      throw new StoreError(`Cannot write "${file}": ${messageOf(error)}`, { cause: error });
    }
    return count;
  });
}

/** @param staysOpen True if the result closes the session. */
async function withRun<T>(
  registry: Registry,
  store: string | URL | Backend,
  { allowFiles = false, timeout, maxRows, maxMemoryMb, ...rest }: QueryOptions,
  body: (run: Run, session: Session) => Promise<T>,
  staysOpen = false,
): Promise<T> {
  checkLimit("timeout", timeout, "milliseconds");
  checkLimit("maxRows", maxRows, "rows");
  checkLimit("maxMemoryMb", maxMemoryMb, "megabytes");
  const opening = Session.open(); // at the same time as the store: each takes as long as the other
  opening.catch(() => {}); // awaited once the store is open
  let isNeeded = false;
  const run = async (backend: Backend): Promise<T> => {
    const session = await opening;
    const file = directPath(backend);
    await session.restrict({ files: file === undefined ? [] : [file], allowFiles, maxMemoryMb });
    const run = new Run(session, engineOf(backend), file, { timeout, maxRows });
    const result = await body(run, session);
    isNeeded = staysOpen;
    return result;
  };
  const isOpen = typeof store === "object" && !(store instanceof URL);
  return await closeAfter(
    () => isOpen ? run(store) : withStore(registry, store, rest, run),
    async () => isNeeded || (await opening).close(),
  );
}

/** @throws {RangeError} If a limit is none. */
function checkLimit(name: string, value: number | undefined, unit: string): void {
  if (value === undefined || Number.isSafeInteger(value) && value > 0) return;
  throw new RangeError(
    `Cannot run SQL with ${name} ${value}: it must be a whole number of ${unit}`,
  );
}
