import type { z } from "zod";
import { invalidRequest } from "./problem.ts";

/**
 * The body as what a schema says it is.
 *
 * @throws {ProblemError} If it is not: names each place.
 */
export function checked<T>(schema: z.ZodType<T>, body: unknown): T {
  const { success, data, error } = schema.safeParse(body);
  if (success) return data;
  throw invalidRequest(
    error.issues.slice(0, 20).map(({ path, message }) => ({ path: path.join("."), message })),
  );
}
