import { z } from "zod";
import type { Problem } from "../../core/contract/wire.ts";
import type { Route } from "./route.ts";

type Json = Readonly<Record<string, unknown>>;

const problem: z.ZodType<Problem> = z.looseObject({
  type: z.string() as z.ZodType<Problem["type"]>,
  title: z.string(),
  status: z.int(),
  detail: z.string(),
}).meta({ id: "Problem" });

/** Returns the OpenAPI 3.1 document of routes. */
export function openapi(routes: readonly Route[]): Json {
  const components: Record<string, unknown> = {};

  /** Returns a JSON schema; its definitions become components. */
  function schemaOf(schema: z.ZodType): Json {
    const { $defs = {}, $schema: _, ...rest } = z.toJSONSchema(schema, {
      unrepresentable: "any",
      io: "input",
    });
    Object.assign(components, referring($defs));
    return referring(rest);
  }

  function operationOf({ summary, query, body, bodyMedia, answer, ...rest }: Route): Json {
    const { media = [], problems = [] } = rest;
    const sent = body ? schemaOf(body) : { type: "string" };
    const problemAnswer = {
      description: "A problem (RFC 9457)",
      content: { "application/problem+json": { schema: schemaOf(problem) } },
    };
    return {
      summary,
      ...query && { parameters: parametersOf(schemaOf(query)) },
      ...(body || bodyMedia) && {
        requestBody: {
          required: true,
          content: { [bodyMedia ?? "application/json"]: { schema: sent } },
        },
      },
      responses: {
        200: {
          description: "Done",
          content: {
            ...answer && { "application/json": { schema: schemaOf(answer) } },
            ...Object.fromEntries(media.map((type) => [type, {}])),
          },
        },
        ...Object.fromEntries([400, ...problems, 503].map((status) => [status, problemAnswer])),
        default: problemAnswer,
      },
    };
  }

  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) (paths[route.path] ??= {})[route.method] = operationOf(route);
  return {
    openapi: "3.1.0",
    info: {
      title: "stet sidecar",
      version: "1",
      description: "Runs every combination once, for programs in any language. Values: numbers, " +
        "booleans, null, arrays and objects are themselves; a string is cell text.",
    },
    paths,
    components: {
      schemas: components,
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
    },
    security: [{}, { token: [] }],
  };
}

/** Returns a schema whose references lead to the document's components. */
function referring(schema: unknown): Json {
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
