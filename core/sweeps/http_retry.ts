/** Pauses where a service names none, in milliseconds. */
const FIRST_PAUSE_MS = 1_000, MAX_PAUSE_MS = 60_000;
/** Answers that say nothing about the request itself: a later one may succeed. */
const TRANSIENT: readonly number[] = [408, 425, 500, 502, 504];

/**
 * The `retry` of a sweep that calls HTTP services. 429 and 503 are retried after the pause that `Retry-After`
 * names, time-outs, lost connections and other server errors after a pause that doubles, up to a minute. Any
 * other 4xx fails for good: it is not run again at the next start either. Errors that are not of HTTP fail,
 * without a retry.
 *
 * The status and the headers are those of the error, its `response` or its `cause`: a `Response`, or an error of
 * a client such as `openai` and `axios`.
 *
 * @param error What the run threw.
 * @param attempt Number of the attempt that failed: 1, 2, …
 *
 * @example
 * ```ts
 * import { httpRetry } from "@stet/stet";
 * import assert from "node:assert/strict";
 *
 * const response = new Response("", { status: 429, headers: { "retry-after": "2" } });
 * assert.equal(httpRetry(new Error("too fast", { cause: response }), 1), 2000);
 * assert.equal(httpRetry(new Response("", { status: 400 }), 1), false);
 * ```
 */
export function httpRetry(error: unknown, attempt: number): number | false | undefined {
  const status = httpStatus(error);
  const mean = Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), MAX_PAUSE_MS);
  const pause = mean * (0.75 + Math.random() / 2);
  if (status === undefined) return isOfNetwork(error) ? pause : undefined;
  if (isThrottled(error)) return retryAfter(error) ?? pause;
  if (TRANSIENT.includes(status) || status > 504) return pause;
  return status >= 400 && status < 500 ? false : undefined;
}

/** True if a service answered that it gets too many requests. */
export function isThrottled(error: unknown): boolean {
  const status = httpStatus(error);
  return status === 429 || status === 503;
}

/** The objects that may have the status of an answer. */
function answersOf(error: unknown): Record<string, unknown>[] {
  const fields = error as { response?: unknown; cause?: unknown } | null | undefined;
  return [error, fields?.response, fields?.cause].filter((x) =>
    typeof x === "object" && x !== null
  ) as Record<string, unknown>[];
}

function httpStatus(error: unknown): number | undefined {
  for (const answer of answersOf(error)) {
    for (const status of [answer["status"], answer["statusCode"]]) {
      if (typeof status === "number" && status >= 100 && status < 600) return status;
    }
  }
  return undefined;
}

/** The pause of `Retry-After`, in milliseconds: seconds, or a date (RFC 9110, section 10.2.3). */
function retryAfter(error: unknown): number | undefined {
  for (const { headers } of answersOf(error)) {
    if (typeof headers !== "object" || headers === null) continue;
    const given = headers instanceof Headers
      ? headers.get("retry-after")
      : (headers as Record<string, unknown>)["retry-after"] ??
        (headers as Record<string, unknown>)["Retry-After"];
    if (given === undefined || given === null) continue;
    const seconds = Number(given);
    const pause = Number.isNaN(seconds) ? Date.parse(String(given)) - Date.now() : seconds * 1000;
    if (!Number.isNaN(pause)) return Math.max(0, pause);
  }
  return undefined;
}

/** True if a connection failed: each runtime says so in its own words. */
function isOfNetwork(error: unknown): boolean {
  return [error, (error as { cause?: unknown } | null | undefined)?.cause].some((each) => {
    const { name, code, message } = (each ?? {}) as Record<string, unknown>;
    return name === "TimeoutError" ||
      /^(?:E(?:CONN|PIPE|HOST|NET|TIMEDOUT|AI_AGAIN)|UND_ERR|Connection|FailedToOpenSocket)/
        .test(String(code)) ||
      /fetch failed|error sending request|unable to connect|connection (?:closed|error|reset)|socket/i
        .test(String(message));
  });
}
