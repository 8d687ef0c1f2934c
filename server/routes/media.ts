import { parseAccept } from "hono/utils/accept";
import { ProblemError } from "./problem.ts";

/** The media types of rows. */
export const MEDIA = {
  json: "application/json",
  ndjson: "application/x-ndjson",
  csv: "text/csv",
  arrow: "application/vnd.apache.arrow.stream",
} as const;

/** A form in which rows are sent. */
export type Medium = keyof typeof MEDIA;

/** The media types other than JSON. */
export const STREAMS: readonly string[] = [MEDIA.ndjson, MEDIA.csv, MEDIA.arrow];

/** Returns the value of `Content-Type` for rows. */
export function contentType(medium: Medium): string {
  return medium === "csv" ? `${MEDIA.csv}; charset=utf-8` : MEDIA[medium];
}

/** Returns the medium that an `Accept` prefers; JSON if there is none. @throws {ProblemError} If it takes no medium. */
export function mediumFor(accept: string | undefined): Medium {
  for (const { type, q } of parseAccept(accept || "*/*")) {
    const found = (Object.keys(MEDIA) as Medium[]).find((medium) =>
      q > 0 && matches(type.toLowerCase(), MEDIA[medium])
    );
    if (found) return found;
  }
  throw new ProblemError(406, `Rows come as ${Object.values(MEDIA).join(", ")}`);
}

function matches(range: string, type: string): boolean {
  return [type, "*/*", `${type.split("/")[0]}/*`].includes(range) ||
    range === "application/ndjson" && type === MEDIA.ndjson;
}
