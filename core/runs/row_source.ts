/** The sources that rows have: which are a function's own, and which another's. */
import { NAMESPACE, SOURCE, TIMESTAMP } from "../values/columns.ts";
import type { Engine } from "../contract/engine.ts";

/** The runtime, as sources name it: each prints functions in its own way. */
const RUNTIME = "Deno" in globalThis ? "deno" : "Bun" in globalThis ? "bun" : "node";
const RUNTIMES = ["deno", "bun", "node"];

/** For how long rows are counted for a message, in milliseconds. */
const MAX_COUNTING_MS = 2000;

/** Returns the source of rows that a function of this runtime makes. */
export function functionSource(hash: string): string {
  return `${RUNTIME}:${hash}`;
}

/** Returns the source of rows with a version of their own. */
export function versionSource(version: string): string {
  return `v:${version}`;
}

/**
 * True if a row's source is known to be another than a function's own. What cannot be compared is not:
 * a row without a source, and a function as another runtime prints it.
 */
export function isOtherSource(source: string, own: string): boolean {
  if (source === own || source === "") return false;
  const [kind, ownKind] = [source, own].map((text) => text.slice(0, text.indexOf(":")));
  if (kind !== ownKind && RUNTIMES.includes(kind!)) return !RUNTIMES.includes(ownKind!);
  return kind === "v" || kind === "run" || RUNTIMES.includes(kind!);
}

/** Number of rows of another source in a namespace, and their oldest time. */
export interface OtherRows {
  readonly count: number;
  readonly total: number;
  readonly since: string | undefined;
  /** False if there were too many to count them all. */
  readonly isWhole: boolean;
}

/** Counts the rows of another source. */
export async function countOtherRows(
  backend: Engine,
  namespace: string | undefined,
  own: string,
): Promise<OtherRows> {
  const end = performance.now() + MAX_COUNTING_MS;
  let count = 0;
  let total = 0;
  let since: string | undefined;
  for await (const row of backend.rows({ columns: [SOURCE, TIMESTAMP, NAMESPACE] })) {
    if (total % 1024 === 1023 && performance.now() > end) {
      return { count, total, since, isWhole: false };
    }
    if ((row[NAMESPACE] ?? undefined) !== namespace) continue;
    total++;
    if (!isOtherSource(String(row[SOURCE] ?? ""), own)) continue;
    count++;
    const time = row[TIMESTAMP];
    if (typeof time === "string" && (since === undefined || time < since)) since = time;
  }
  return { count, total, since, isWhole: true };
}
