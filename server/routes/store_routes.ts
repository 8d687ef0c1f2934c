import { z } from "zod";
import { keyOf, keyParams, keyShape } from "../../core/keys/key.ts";
import { statusOf } from "../../core/contract/status_of.ts";
import { encodePlan, readPlan } from "../../core/contract/sweep_plan.ts";
import type { ColumnsAnswer, StatusAnswer } from "../../core/contract/wire.ts";
import { decodeJsonRow, encodeJsonRow } from "../../core/values/json_row.ts";
import { readKey } from "../claims/read_run.ts";
import type { ServerDeps } from "../deps.ts";
import { invalidRequest } from "./problem.ts";
import { get, post, type Route } from "./route.ts";
import { batch, count, keyFields, longText, row, text } from "./schemas.ts";

const columnsAnswer: z.ZodType<ColumnsAnswer> = z.strictObject({
  exists: z.boolean(),
  columns: z.array(text),
});
const statusAnswer: z.ZodType<StatusAnswer> = z.strictObject({
  store: text,
  exists: z.boolean(),
  columns: z.array(text),
  count,
  last_run: text.nullable(),
  key_columns: z.array(text),
  result_columns: z.array(text),
  failed: count,
  running: count,
});
const failure = z.strictObject({
  params: row,
  error: text,
  stack: text,
  attempt: count,
  time: text,
  host: text,
});
const plan = z.strictObject({
  version: z.literal(1),
  namespace: longText,
  label: longText,
  count,
  factors: z.array(z.strictObject({ names: z.array(z.string()), parts: z.array(row) })).nullable()
    .describe("Each combination is one part of every factor; null if they are too many."),
  places: z.array(count).nullable()
    .describe("Places of the combinations among all those of the factors; null: every place."),
  defaults: row.exactOptional().describe("Values that rows without a param count as having."),
  shards: count.exactOptional()
    .describe("Number of shards, each of which has every so many-th combination."),
  command: longText.describe("The command that began the sweep, without secrets."),
  time: longText.describe("Time of its begin, ISO 8601 in UTC."),
}).meta({ id: "Plan" });
const finding = z.strictObject({ kind: text, message: text, repaired: text.nullable() });

const MAX_PLAN_LENGTH = 512 * 1024;

/** The members that name rows: those of a run, or those that agree on columns. */
const matchFields = { params: row.exactOptional(), columns: row.exactOptional(), ...keyFields };

/** Routes for the state of the store, and for changes other than recording. */
export function storeRoutes({ backend, figures, store }: ServerDeps): Route[] {
  const columnsOf = async (): Promise<ColumnsAnswer> => ({
    exists: await backend.exists(),
    columns: await backend.columns(),
  });

  return [
    get({
      path: "/v1/status",
      summary: "Counts and columns of the store",
      answer: statusAnswer,
    }, async () => {
      const status = await statusOf(backend, async (column) => {
        await figures.catchUp();
        return { count: figures.count, lastRun: await figures.ask("largestText", column) };
      });
      return {
        store,
        ...await columnsOf(),
        count: status.count,
        last_run: status.lastRun ?? null,
        key_columns: status.keyColumns,
        result_columns: status.resultColumns,
        failed: status.failed,
        running: (await backend.held()).length,
      };
    }),
    get({
      path: "/v1/columns",
      summary: "The columns of the store",
      answer: columnsAnswer,
    }, columnsOf),
    get({
      path: "/v1/failures",
      summary: "The runs that failed and have not succeeded since",
      answer: z.strictObject({ failures: z.array(failure) }),
    }, async () => {
      const failures = (await backend.failures()).map(({ params, ...rest }) =>
        withParams(params, rest)
      );
      return `{"failures":[${failures.join(",")}]}`;
    }),
    get({
      path: "/v1/claims",
      summary: "The runs under way, and their holders",
      answer: z.strictObject({
        claims: z.array(
          z.strictObject({
            params: row,
            key: text,
            holder: text,
            since: text.nullable(),
            version: text.exactOptional(),
          }),
        ),
      }),
    }, async () => {
      const claims = (await backend.held()).map((held) =>
        withParams(keyParams(held.key), { ...held, since: held.since ?? null })
      );
      return `{"claims":[${claims.join(",")}]}`;
    }),
    get({
      path: "/v1/plans",
      summary: "The combinations that the newest sweep of each namespace was asked for",
      answer: z.strictObject({ plans: z.array(plan) }),
    }, async () => `{"plans":[${(await backend.plans()).map(encodePlan).join(",")}]}`),
    post({
      path: "/v1/plans",
      summary: "Note the plan of a sweep, in place of the earlier one of its namespace",
      body: plan,
      answer: z.strictObject({}),
    }, async (request) => {
      const read = readPlan(request);
      if (!read || encodePlan(read).length > MAX_PLAN_LENGTH) {
        const what = read ? `a plan has at most ${MAX_PLAN_LENGTH} characters` : "it is no plan";
        throw invalidRequest([{ path: "", message: what }]);
      }
      await backend.notePlan(read);
      figures.changed();
      return {};
    }),
    post({
      path: "/v1/has",
      summary: "True if a run is recorded, or a row agrees on all columns given",
      body: z.strictObject(matchFields)
        .refine(
          ({ params, columns }) => (params === undefined) !== (columns === undefined),
          "needs params (rows of exactly this run) or columns (rows that agree on all of them)",
        ).meta({ id: "MatchRequest" }),
      answer: z.strictObject({ has: z.boolean() }),
    }, async ({ params, columns = {}, ...fields }) => ({
      has: await (params
        ? backend.hasKey(readKey({ params, ...fields }))
        : backend.has(decodeJsonRow(columns))),
    })),
    post({
      path: "/v1/remove",
      summary:
        "Remove the rows of a run, of many runs, or the rows that agree on all columns given",
      body: z.strictObject({
        ...matchFields,
        batch: batch.exactOptional(),
      }).refine(
        ({ params, columns, batch, key }) =>
          [params, columns, batch].filter((it) => it !== undefined).length === 1 &&
          (batch === undefined || (key?.length ?? 0) > 0),
        "needs params (rows of exactly this run), columns (rows that agree on all of them), or batch " +
          "and key (rows that have exactly these cells in the columns of key)",
      ).meta({ id: "RemoveRequest" }),
      answer: z.strictObject({ removed: count }),
    }, async ({ params, columns = {}, batch, ...fields }) => {
      const shape = keyShape(fields.key); // of any columns: results too
      const removed = await (batch
        ? backend.removeKeys(batch.map((each) =>
          keyOf(shape, decodeJsonRow(each))
        ))
        : params
        ? backend.removeKey(readKey({ params, ...fields }))
        : backend.remove(decodeJsonRow(columns)));
      figures.changed();
      return { removed };
    }),
    post({
      path: "/v1/forget",
      summary: "Forget failures, named by their params",
      body: z.strictObject({ batch }).meta({ id: "ForgetRequest" }),
      answer: z.strictObject({ forgotten: count }),
    }, async ({ batch }) => ({ forgotten: await backend.forget(batch.map(decodeJsonRow)) })),
    post({
      path: "/v1/clear",
      summary: "Remove all rows",
      body: z.strictObject({}).meta({ id: "ClearRequest" }),
      answer: z.strictObject({}),
    }, async () => {
      await backend.clear();
      figures.changed();
      return {};
    }),
    post({
      path: "/v1/verify",
      summary: "Find what is wrong with the store and the files next to it",
      body: z.strictObject({ repair: z.boolean().exactOptional() }).meta({ id: "VerifyRequest" }),
      answer: z.strictObject({ findings: z.array(finding) }),
    }, async ({ repair = false }) => {
      const findings = await backend.verify({ repair });
      if (repair) figures.changed();
      return { findings: findings.map((each) => ({ ...each, repaired: each.repaired ?? null })) };
    }),
  ];
}

/** Returns an object as JSON, its params first, as they are on the wire. */
function withParams(params: Parameters<typeof encodeJsonRow>[0], rest: object): string {
  return `{"params":${encodeJsonRow(params)},${JSON.stringify(rest).slice(1)}`;
}
