import { ProblemError } from "./problem.ts";

/** The forms in which rows are sent. */
export const MEDIA = {
  json: "application/json",
  ndjson: "application/x-ndjson",
  csv: "text/csv; charset=utf-8",
  arrow: "application/vnd.apache.arrow.stream",
} as const;

/** One of those forms. */
export type Medium = keyof typeof MEDIA;

/** The form that a client prefers, by its Accept; JSON if it has no wish. @throws {ProblemError} If it takes none. */
export function mediumFor(accept: string | undefined): Medium {
  const wishes = (accept ?? "*/*").split(",").map((text, place) => {
    const [type = "", ...rest] = text.toLowerCase().split(";").map((part) => part.trim());
    const quality = Number(rest.find((each) => each.startsWith("q="))?.slice(2) ?? 1);
    return { type, quality, place };
  }).sort((a, b) => b.quality - a.quality || a.place - b.place);
  for (const { type, quality } of wishes) {
    if (!(quality > 0)) continue;
    const found = (Object.keys(MEDIA) as Medium[]).find((medium) => isOf(type, MEDIA[medium]));
    if (found) return found;
  }
  throw new ProblemError(406, `Rows come as ${Object.values(MEDIA).join(", ")}`);
}

function isOf(wish: string, media: string): boolean {
  const [type] = media.split(";") as [string];
  return wish === type || wish === "*/*" || wish === `${type.split("/")[0]}/*` ||
    wish === "application/ndjson" && type === MEDIA.ndjson;
}
