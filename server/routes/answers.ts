import type { Hono } from "hono";
import type { z } from "zod";
import { readJson } from "./body.ts";
import { checked } from "./checked.ts";
import type { Env } from "../deps.ts";

/** No page: what keeps a browser from taking it for one is enough. */
const JSON_ANSWER: ResponseInit = {
  headers: {
    "content-type": "application/json",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
  },
};

/** A JSON text as a response. */
export function jsonResponse(text: string): Response {
  return new Response(text, JSON_ANSWER);
}

/**
 * Adds a route for POST whose body is JSON.
 *
 * @param answer Gives the answer as JSON.
 */
export function post<T>(
  app: Hono<Env>,
  path: string,
  schema: z.ZodType<T>,
  answer: (request: T) => string | Promise<string>,
): void {
  app.post(path, async (c) => {
    const request = checked(schema, await readJson(c.req.raw));
    return jsonResponse(await answer(request));
  });
}
