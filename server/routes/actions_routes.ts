import { z } from "zod";
import type { Failure } from "../../core/contract/backend.ts";
import {
  type Entries,
  type EntryCounts,
  removeEntries,
  selectEntries,
  selectFailures,
} from "../../core/tools/reset_counted.ts";
import { failureKind, failureLine } from "../../figures/data/failure_groups.ts";
import type { ServerDeps } from "../deps.ts";
import { ProblemError } from "./problem.ts";
import { get, post, type Route } from "./route.ts";
import { count, longText, text } from "./schemas.ts";

/** The members that name entries. */
const entries = {
  where: longText.exactOptional().describe("Which entries, as in `stet ls --where`."),
  keys: z.array(longText).max(10_000).exactOptional()
    .describe("The texts of their keys, as in /v1/view and /v1/claims."),
  all: z.literal(true).exactOptional().describe(
    "All of them. Without it, another member is needed.",
  ),
};
/** A client that was shown another number is refused: a wrong condition deletes no more than it showed. */
const expected = count.describe(
  "The number of entries that it shall be; with another, nothing is done.",
);

const failuresRequest = z.strictObject({
  ...entries,
  group: longText.exactOptional().describe("The kind of a group of failures, as in /v1/view."),
  expected,
});

/** Routes that make runs run again: those of failures, and of rows. */
export function actionsRoutes({ backend, figures }: ServerDeps): Route[] {
  /** Forgets the selected failures, if they are as many as expected. */
  async function forget(
    { group, expected, ...entries }: z.infer<typeof failuresRequest>,
  ): Promise<number> {
    const named = group !== undefined && Object.keys(entries).length === 0
      ? { all: true }
      : entries;
    const failures = (await selectFailures(backend, named)).filter((failure) =>
      group === undefined || kindOf(failure) === group
    );
    checkCount(expected, { rows: 0, failures: failures.length });
    const forgotten = await backend.forget(failures.map(({ params }) => params));
    figures.changed();
    return forgotten;
  }

  return [
    post({
      path: "/v1/failures/retry",
      summary: "Let the next sweep run failed runs again, also those that failed for good",
      body: failuresRequest.meta({ id: "RetryRequest" }),
      answer: z.strictObject({ retried: count, text }),
      problems: [409],
    }, async (request) => {
      const retried = await forget(request);
      return { retried, text: `The next sweep runs ${counted(retried, "run")} again` };
    }),
    post({
      path: "/v1/failures/forget",
      summary: "Forget failures: their runs count as never run",
      body: failuresRequest.meta({ id: "ForgetFailuresRequest" }),
      answer: z.strictObject({ forgotten: count, text }),
      problems: [409],
    }, async (request) => {
      const forgotten = await forget(request);
      return { forgotten, text: `Forgot ${counted(forgotten, "failure")}` };
    }),
    get({
      path: "/v1/reset",
      summary: "The number of rows and failures that a reset would remove",
      query: z.strictObject({ where: longText }),
      answer: z.strictObject({ rows: count, failures: count, count }),
    }, async ({ where }) => {
      const { counts } = await selectEntries(backend, { where });
      return { ...counts, count: counts.rows + counts.failures };
    }),
    post({
      path: "/v1/reset",
      summary: "Remove rows and forget failures, so that their runs are run again",
      body: z.strictObject({ ...entries, expected }).meta({ id: "ResetRequest" }),
      answer: z.strictObject({ rows: count, failures: count, text }),
      problems: [409],
    }, async ({ expected, ...named }: Entries & { readonly expected: number }) => {
      const selected = await selectEntries(backend, named);
      checkCount(expected, selected.counts);
      const removed = await removeEntries(backend, selected);
      figures.changed();
      return { ...removed, text: `Removed ${entriesText(removed)}` };
    }),
  ];
}

function kindOf({ error }: Failure): string {
  return failureKind(failureLine(error));
}

function checkCount(expected: number, counts: EntryCounts): void {
  const found = counts.rows + counts.failures;
  if (found === expected) return;
  throw new ProblemError(
    409,
    `It would be ${
      entriesText(counts)
    }, not ${expected}: the store has changed, or another condition ` +
      `was shown; nothing was done`,
    { more: { count: String(found), ...mapped(counts) } },
  );
}

function mapped({ rows, failures }: EntryCounts): Readonly<Record<string, string>> {
  return { rows: String(rows), failures: String(failures) };
}

function entriesText({ rows, failures }: EntryCounts): string {
  if (failures === 0) return counted(rows, "row");
  if (rows === 0) return counted(failures, "failure");
  return `${counted(rows, "row")} and ${counted(failures, "failure")}`;
}

function counted(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
