import type { Context, Hono } from "hono";
import { compress } from "hono/compress";
import type { z } from "zod";
import type { MaybePromise } from "../../core/contract/backend.ts";
import type { Env } from "../deps.ts";
import { readJson } from "./body.ts";
import { invalidRequest } from "./problem.ts";

/** The declaration of a route. Requests are checked by it, and the OpenAPI document is made of it. */
export interface Declaration<A = unknown> {
  readonly path: string;
  readonly summary: string;
  /** The schema of the answer as JSON. */
  readonly answer?: z.ZodType<A>;
  /** Other media types of the answer. */
  readonly media?: readonly string[];
  /** Statuses of problems, besides those of every route. */
  readonly problems?: readonly number[];
  /** True if the answer is compressed for clients that accept gzip. */
  readonly isCompressed?: boolean;
}

/** A declared route with its handler. */
export interface Route extends Declaration {
  readonly method: "get" | "post";
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  /** The media type of the body. Default: JSON. */
  readonly bodyMedia?: string;
  readonly handle: (c: Context<Env>) => MaybePromise<Response>;
}

/** A JSON text, a value that becomes one, or a response. */
type Answer<A> = MaybePromise<string | A | Response>;

/** Returns a route for GET. Without a schema, its query is ignored. */
export function get<T, A>(
  declared: Declaration<A> & { readonly query?: z.ZodType<T> },
  respond: (query: T, c: Context<Env>) => Answer<A>,
): Route {
  return {
    ...declared,
    method: "get",
    handle: async (c) => {
      const query = c.req.query();
      return responseOf(
        await respond(declared.query ? checked(declared.query, query) : query as T, c),
      );
    },
  };
}

/** Returns a route for POST with a JSON body. */
export function post<T, A>(
  declared: Declaration<A> & { readonly body: z.ZodType<T> },
  respond: (request: T, c: Context<Env>) => Answer<A>,
): Route {
  return {
    ...declared,
    method: "post",
    handle: async (c) =>
      responseOf(await respond(checked(declared.body, await readJson(c.req.raw)), c)),
  };
}

const compressed = compress({
  encoding: "gzip",
  contentTypeFilter: (type) => !type.startsWith("application/problem"),
});

/** Adds routes to an app. */
export function addRoutes(app: Hono<Env>, routes: readonly Route[]): void {
  for (const { method, path, isCompressed, handle } of routes) {
    if (isCompressed) app[method](path, compressed, handle);
    else app[method](path, handle);
  }
}

/** Returns a request as its schema describes it. @throws {ProblemError} Names each place that does not match. */
export function checked<T>(schema: z.ZodType<T>, request: unknown): T {
  const { success, data, error } = schema.safeParse(request);
  if (success) return data;
  throw invalidRequest(
    error.issues.slice(0, 20).map(({ path, message }) => ({ path: path.join("."), message })),
  );
}

/** Headers of JSON answers. They are no page: what keeps a browser from taking them for one is enough. */
const JSON_HEADERS: ResponseInit = {
  headers: {
    "content-type": "application/json",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
  },
};

/** Returns a JSON text, or a value as JSON, as a response. */
export function responseOf(answer: unknown): Response {
  if (typeof answer === "string") return new Response(answer, JSON_HEADERS);
  return answer instanceof Response ? answer : responseOf(JSON.stringify(answer));
}
