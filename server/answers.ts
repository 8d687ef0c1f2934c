import type { Hono } from "hono";
import type { z } from "zod";
import { readJson } from "./body.ts";
import { checked } from "./checked.ts";
import type { Env } from "./deps.ts";
import { SECURE } from "./secure_headers.ts";

const JSON_HEADERS: Readonly<Record<string, string>> = {
  ...SECURE,
  "content-type": "application/json",
};

/** A JSON text as a response. */
export function jsonResponse(text: string): Response {
  return new Response(text, { headers: JSON_HEADERS });
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
