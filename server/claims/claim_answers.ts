import { createHash } from "node:crypto";
import type { ClaimAnswer } from "../../core/contract/backend.ts";
import { keyOf, keyShape } from "../../core/keys/key.ts";
import { resultOf } from "../../core/runs/result.ts";
import { TIMESTAMP } from "../../core/values/columns.ts";
import { encodeJsonResult } from "../../core/values/json_row.ts";
import type { Row } from "../../core/values/value.ts";

/** The lease of a request that names none, in seconds. */
export const DEFAULT_LEASE_SECONDS = 60;
/** The seconds after which a client asks again for a busy key. */
const RETRY_AFTER_SECONDS = 1;

/** Returns the JSON of an answer to a claim. @param row The row if it is done. @param seconds The lease. */
export function claimAnswer(
  answer: ClaimAnswer,
  row: Row | undefined,
  token: string,
  seconds: number,
): string {
  switch (answer.state) {
    case "claimed":
      return `{"state":"claimed","token":${JSON.stringify(token)},"lease_seconds":${seconds}}`;
    case "busy":
      return busyAnswer(answer.holder);
    default:
      return doneAnswer(row ?? {});
  }
}

/** Returns the JSON of a key that is done. */
export function doneAnswer(row: Row): string {
  const result = resultOf(row);
  const text = result === undefined ? "" : `"result":${encodeJsonResult(result)},`;
  return `{"state":"done",${text}"version":"${rowVersion(row)}"}`;
}

/** Returns the JSON of a key that another client runs. */
export function busyAnswer(holder: string): string {
  return `{"state":"busy","holder":${JSON.stringify(holder)},"retry_after":${RETRY_AFTER_SECONDS}}`;
}

/** Returns a hash of a row's cells, which no other row of its key has. */
export function rowVersion(row: Row): string {
  const hash = createHash("sha256").update(cellsOf(row, Object.keys(row)));
  return hash.digest("base64url").slice(0, 22);
}

/** True if two rows have the same cells, apart from their timestamp. */
export function isSameRun(one: Row, other: Row): boolean {
  const names = (row: Row): string[] => Object.keys(row).filter((name) => name !== TIMESTAMP);
  return cellsOf(one, names(one)) === cellsOf(other, names(other));
}

function cellsOf(row: Row, names: readonly string[]): string {
  return keyOf(keyShape(names), row).text;
}
