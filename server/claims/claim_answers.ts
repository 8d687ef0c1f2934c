import type { ClaimAnswer } from "../../core/contract/backend.ts";
import type { LeaseFields } from "../../core/contract/wire.ts";
import { resultOf } from "../../core/runs/result.ts";
import { encodeJsonResult } from "../../core/values/json_row.ts";
import type { Row } from "../../core/values/value.ts";
import { rowVersion } from "./row_version.ts";

/** The lease of a request that names none, in seconds. */
export const DEFAULT_LEASE_SECONDS = 60;
/** The seconds after which a client asks again for a busy key. */
const RETRY_AFTER_SECONDS = 1;

/** Returns the JSON of an answer to a claim. @param row The row of a key that is done. */
export function claimAnswer(
  answer: ClaimAnswer,
  row: Row | undefined,
  token: string,
  { lease_seconds: seconds = DEFAULT_LEASE_SECONDS }: LeaseFields,
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
