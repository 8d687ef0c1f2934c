import type { DatabaseSync } from "node:sqlite";
import type { Failure, FailureNote } from "../../core/contract/backend.ts";
import type { Key } from "../../core/keys/key.ts";
import { canonicalJson, jsonString, parseJson } from "../../core/values/json.ts";
import type { Row } from "../../core/values/value.ts";
import { hostName } from "../files/host_name.ts";

/** Adds the failure of a key to a state database, or counts it if the key has failed before. */
export function addFailure(
  db: DatabaseSync,
  { text, values }: Key,
  { error, stack, attempts = 1 }: FailureNote,
): void {
  db.prepare(`
    INSERT INTO failures VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET error = excluded.error, stack = excluded.stack,
      attempt = attempt + excluded.attempt, time = excluded.time, host = excluded.host`)
    .run(
      text,
      canonicalJson(values),
      encodeNote(error),
      encodeNote(stack),
      attempts,
      new Date().toISOString(),
      hostName(),
    );
}

/** Removes failures by their params, and returns their number. */
export function removeFailures(db: DatabaseSync, params: readonly Row[]): number {
  const remove = db.prepare("DELETE FROM failures WHERE params = ?");
  return params.reduce((sum, each) => sum + Number(remove.run(canonicalJson(each)).changes), 0);
}

/** Returns the failures, oldest first. */
export function failuresIn(db: DatabaseSync): Failure[] {
  const rows = db.prepare(
    "SELECT params, error, stack, attempt, time, host FROM failures ORDER BY time",
  ).all() as unknown as (Omit<Failure, "params"> & { params: string })[];
  return rows.map((row) => ({
    ...row,
    params: parseJson(row.params) as Row,
    error: decodeNote(row.error),
    stack: decodeNote(row.stack),
  }));
}

/**
 * Encodes a text for a column of SQLite: as JSON if it holds a NUL, at which Deno ends a text, or a lone
 * surrogate, which no runtime keeps. The inverse is {@linkcode decodeNote}.
 */
export function encodeNote(text: string): string {
  return /^"|[\0\p{Cs}]/u.test(text) ? jsonString(text) : text;
}

/** Decodes a text of {@linkcode encodeNote}, or one that was written as it is. */
export function decodeNote(text: string): string {
  if (!text.startsWith('"')) return text;
  try {
    return JSON.parse(text) as string;
  } catch {
    return text;
  }
}
