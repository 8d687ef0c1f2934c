import { z } from "zod";
import * as figures from "./figures_schemas.ts";
import * as schemas from "./schemas.ts";

type Json = Readonly<Record<string, unknown>>;

/** What a route takes and gives. */
interface Operation {
  readonly summary: string;
  readonly body?: z.ZodType;
  readonly query?: z.ZodType;
  /** The schema of the answer, or its media types. Default: an object. */
  readonly answer?: Json;
  readonly media?: readonly string[];
  readonly bodyMedia?: string;
  /** Which problems it may be answered with, besides those of every route. */
  readonly problems?: readonly number[];
}

const text = { type: "string" };
const whole = { type: "integer", minimum: 0 };
const row = { type: "object", additionalProperties: true };
const texts = { type: "array", items: text };

function object(properties: Json, optional: readonly string[] = []): Json {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: "object", properties, ...required.length > 0 && { required } };
}

function state(name: string, properties: Json = {}, optional: readonly string[] = []): Json {
  return object({ state: { const: name }, ...properties }, optional);
}

const claimed = state("claimed", { token: text, lease_seconds: { type: "number" } });
const answers = [
  claimed,
  state("done", { result: {}, version: text }, ["result"]),
  state("busy", { holder: text, retry_after: { type: "number" } }),
  state("free"),
];
const ROWS = ["application/x-ndjson", "text/csv", "application/vnd.apache.arrow.stream"];

/** Every route under `/v1` for programs. */
const paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> = {
  "/v1/claim": {
    post: {
      summary: "Claim a run, or some of a batch, unless it is done or somebody runs it",
      body: z.union([schemas.claimRequest, schemas.batchClaimRequest]),
      answer: {
        oneOf: [...answers, object({ answers: { type: "array", items: { oneOf: answers } } })],
      },
      problems: [422],
    },
  },
  "/v1/record": {
    post: {
      summary: "Record a run and end its claim; without a token, add a row",
      body: schemas.recordRequest,
      answer: state("recorded"),
      problems: [409, 422],
    },
  },
  "/v1/fail": {
    post: {
      summary: "Note that a run failed, and end its claim",
      body: schemas.failRequest,
      answer: state("failed"),
      problems: [409],
    },
  },
  "/v1/renew": {
    post: {
      summary: "Hold a claim for longer",
      body: schemas.renewRequest,
      answer: claimed,
      problems: [409],
    },
  },
  "/v1/release": {
    post: {
      summary: "End a claim; nothing is noted",
      body: schemas.releaseRequest,
      answer: state("released"),
      problems: [409],
    },
  },
  "/v1/has": {
    post: {
      summary: "Whether a run is recorded, or a row agrees on all columns given",
      body: schemas.matchRequest,
      answer: object({ has: { type: "boolean" } }),
    },
  },
  "/v1/find": {
    post: {
      summary: "The newest row of a run",
      body: schemas.findRequest,
      answer: object({ row: { type: ["object", "null"] }, version: text }, ["version"]),
    },
  },
  "/v1/remove": {
    post: {
      summary: "Remove the rows of a run, of many runs, or those that agree on all columns given",
      body: schemas.removeRequest,
      answer: object({ removed: whole }),
    },
  },
  "/v1/forget": {
    post: {
      summary: "Forget failures, named by their params",
      body: schemas.forgetRequest,
      answer: object({ forgotten: whole }),
    },
  },
  "/v1/clear": {
    post: { summary: "Remove all rows", body: schemas.clearRequest, answer: object({}) },
  },
  "/v1/verify": {
    post: {
      summary: "What is wrong with the store and the files beside it",
      body: schemas.verifyRequest,
      answer: object({ findings: { type: "array", items: row } }),
    },
  },
  "/v1/runs": {
    get: {
      summary: "A page of rows as JSON, or all rows in the form that Accept names",
      query: schemas.runsQuery,
      answer: object({
        rows: { type: "array", items: row },
        columns: texts,
        total: whole,
        next: whole,
      }, [
        "next",
      ]),
      media: ["application/json", ...ROWS],
    },
    post: {
      summary: "Add rows, given as JSON Lines; all are read before one is added",
      query: schemas.recordAllQuery,
      bodyMedia: "application/x-ndjson",
      answer: object({ recorded: whole }),
      problems: [422],
    },
  },
  ...Object.fromEntries(
    ([["ndjson", ROWS[0]!], ["csv", ROWS[1]!], ["arrow", ROWS[2]!]] as const).map((
      [extension, media],
    ) => [`/v1/runs.${extension}`, {
      get: { summary: `All rows as ${media}`, query: schemas.runsQuery, media: [media] },
    }]),
  ),
  "/v1/columns": {
    get: {
      summary: "The columns of the store",
      answer: object({ exists: { type: "boolean" }, columns: texts }),
    },
  },
  "/v1/status": {
    get: {
      summary: "What is in the store",
      answer: object({
        store: text,
        exists: { type: "boolean" },
        count: whole,
        last_run: { type: ["string", "null"] },
        columns: texts,
        key_columns: texts,
        result_columns: texts,
        failed: whole,
        running: whole,
      }),
    },
  },
  "/v1/failures": {
    get: {
      summary: "The runs that failed and have not succeeded since",
      answer: object({
        failures: {
          type: "array",
          items: object({
            params: row,
            error: text,
            stack: text,
            attempt: whole,
            time: text,
            host: text,
          }),
        },
      }),
    },
  },
  "/v1/claims": {
    get: {
      summary: "The runs under way, and who runs them",
      answer: object({
        claims: { type: "array", items: object({ params: row, key: text, holder: text }) },
      }),
    },
  },
  "/v1/query": {
    post: {
      summary: "Run SQL that only reads, where --allow-query allows it",
      body: schemas.queryRequest,
      media: ["application/json", ...ROWS],
    },
  },
  "/v1/progress": {
    get: { summary: "How far the work has come: counts, rate, and time left of the grid" },
  },
  "/v1/kinds": { get: { summary: "What each column holds" } },
  "/v1/heatmap": {
    get: {
      summary: "The rows by two columns: how many keys, or the mean of a third",
      query: figures.heatmapRequest,
    },
  },
  "/v1/timeline": {
    get: { summary: "How many runs ended in each stretch of time", query: figures.timelineRequest },
  },
  "/v1/slowest": {
    get: { summary: "The runs that took longest", query: figures.slowestRequest },
  },
  "/v1/events": {
    get: { summary: "What happens, as server-sent events", media: ["text/event-stream"] },
  },
};

/** The methods that a path takes; none if there is no such path. */
export function methodsOf(path: string): string[] {
  return Object.keys(paths[path] ?? {}).map((method) => method.toUpperCase());
}

/** The OpenAPI 3.1 document of the routes, made of the schemas that requests are checked with. */
export function openapi(): Json {
  const components: Record<string, unknown> = {
    Problem: {
      ...object({ type: text, title: text, status: whole, detail: text }),
      additionalProperties: true,
    },
  };

  function schemaOf(schema: z.ZodType): Json {
    const { $defs, $schema: _, ...rest } = z.toJSONSchema(schema, {
      unrepresentable: "any",
      io: "input",
    });
    Object.assign(components, moved($defs ?? {}));
    return moved(rest) as Json;
  }

  function operationOf(operation: Operation): Json {
    const { summary, body, bodyMedia = "application/json", query } = operation;
    const { answer = {}, media = ["application/json"], problems = [] } = operation;
    const sent = body ? schemaOf(body) : bodyMedia === "application/json" ? undefined : text;
    const problem = (status: number): [string, unknown] => [String(status), {
      description: "A problem (RFC 9457)",
      content: {
        "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } },
      },
    }];
    return {
      summary,
      ...query && { parameters: parametersOf(schemaOf(query)) },
      ...sent && { requestBody: { required: true, content: { [bodyMedia]: { schema: sent } } } },
      responses: {
        200: {
          description: "Done",
          content: Object.fromEntries(media.map((type) => [
            type,
            type === "application/json" ? { schema: answer } : {},
          ])),
        },
        ...Object.fromEntries([400, ...problems, 503].map(problem)),
      },
    };
  }

  return {
    openapi: "3.1.0",
    info: {
      title: "stet sidecar",
      version: "1",
      description: "Runs every combination once, for programs in any language. Values: numbers, " +
        "booleans, null, arrays and objects are themselves; a string is cell text.",
    },
    paths: Object.fromEntries(
      Object.entries(paths).map(([path, operations]) => [
        path,
        Object.fromEntries(
          Object.entries(operations).map(([method, each]) => [method, operationOf(each)]),
        ),
      ]),
    ),
    components: {
      schemas: components,
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
    },
    security: [{}, { token: [] }],
  };
}

/** Definitions live in `components` here. */
function moved(schema: unknown): unknown {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/'));
}

function parametersOf({ properties = {}, required = [] }: Json): unknown[] {
  return Object.entries(properties as Readonly<Record<string, Json>>).map(([name, schema]) => ({
    name,
    in: "query",
    required: (required as readonly string[]).includes(name),
    schema,
  }));
}
