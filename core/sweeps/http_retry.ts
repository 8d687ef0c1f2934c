/** Pauses where a service names none, in milliseconds. */
const FIRST_PAUSE_MS = 1_000, MAX_PAUSE_MS = 60_000;
/** Statuses that say nothing about the request itself: a later one may succeed. */
const TRANSIENT: readonly number[] = [408, 425, 500, 502, 504];
/** Maximum number of nested errors that are searched for a status. */
const MAX_DEPTH = 4;
/** A status in a message: `HTTP 429`, `HTTP error! status: 429`, `failed with status code 429`. */
const NAMED_STATUS =
  /\b(?:HTTP(?:\/[\d.]+)?(?!:)|status(?:[\s_]?code)?)\b\D{0,20}?\b(4[0-3]\d|451|5[0-3]\d)\b/i;
/**
 * Throttling in a message without such words: `429 Too Many Requests`, `Request failed: 429`. Another number at
 * these places may be anything.
 */
const THROTTLED: readonly (readonly [RegExp, number])[] = [
  [/^429\b|\b429$|too many requests/i, 429],
  [/^503\b|\b503$|service unavailable/i, 503],
];

/**
 * The `retry` of a sweep that calls HTTP services. 429 and 503 are retried after the pause that `Retry-After`
 * names, time-outs, lost connections and other server errors after a pause that doubles, up to a minute. Any
 * other 4xx fails for good: it is not run again at the next start either. Errors that are not of HTTP fail,
 * without a retry.
 *
 * The status and the headers are those of the error, its `response` or its `cause`: a `Response`, or an error of
 * a client such as `openai`, `axios`, `got` and `undici`. Else the status is the one in the message, as in
 * `HTTP 429` or `429 Too Many Requests`.
 *
 * @param error What the run threw.
 * @param attempt Number of the attempt that failed: 1, 2, …
 * @throws {TypeError} If it is called without arguments, as in `retry: httpRetry()`.
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
  if (arguments.length === 0) {
    throw new TypeError(
      "Cannot call httpRetry() without an error: it is the option itself; write { retry: httpRetry }",
    );
  }
  const status = httpStatus(error);
  const mean = Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), MAX_PAUSE_MS);
  const pause = mean * (0.75 + Math.random() / 2);
  if (status === undefined) return isOfNetwork(error) ? pause : undefined;
  if (isThrottled(error) || TRANSIENT.includes(status) || status > 504) {
    return retryAfter(error) ?? pause;
  }
  return status >= 400 && status < 500 ? false : undefined;
}

/** True if a service answered that it gets too many requests. */
export function isThrottled(error: unknown): boolean {
  const status = httpStatus(error);
  return status === 429 || status === 503;
}

type Fields = Readonly<Record<string, unknown>>;

/** Returns an error and its causes, each followed by its response. */
function answersOf(error: unknown): Fields[] {
  const found: Fields[] = [];
  let each = error;
  for (let depth = 0; depth < MAX_DEPTH && typeof each === "object" && each !== null; depth++) {
    const fields = each as Fields;
    found.push(fields);
    const { response } = fields;
    if (typeof response === "object" && response !== null) found.push(response as Fields);
    each = fields["cause"];
  }
  return found;
}

function httpStatus(error: unknown): number | undefined {
  const answers = answersOf(error);
  for (const { status, statusCode, code } of answers) {
    // A small code is the exit code of a program.
    for (const given of [status, statusCode, Number(code) >= 400 ? code : undefined]) {
      if (/^[1-5]\d\d$/.test(String(given))) return Number(given);
    }
  }
  for (const message of messagesOf(error)) {
    const found = statusIn(message);
    if (found !== undefined) return found;
  }
  return undefined;
}

function messagesOf(error: unknown): string[] {
  return [error, ...answersOf(error).map(({ message }) => message)]
    .filter((message) => typeof message === "string");
}

function statusIn(message: string): number | undefined {
  const named = NAMED_STATUS.exec(message)?.[1];
  return named === undefined
    ? THROTTLED.find(([pattern]) => pattern.test(message))?.[1]
    : Number(named);
}

/** Returns the pause of `Retry-After`, in milliseconds: seconds, or a date (RFC 9110, section 10.2.3). */
function retryAfter(error: unknown): number | undefined {
  for (const { headers, responseHeaders } of answersOf(error)) {
    const given = headerOf(headers ?? responseHeaders, "retry-after");
    if (given === undefined) continue;
    const seconds = Number(given);
    const pause = Number.isNaN(seconds) ? Date.parse(given) - Date.now() : seconds * 1000;
    if (!Number.isNaN(pause)) return Math.max(0, pause);
  }
  return undefined;
}

/** Returns a header of a `Headers` object, of this runtime or a client's own, or of a plain object. */
function headerOf(headers: unknown, name: string): string | undefined {
  if (typeof headers !== "object" || headers === null) return undefined;
  const { get } = headers as { readonly get?: unknown };
  const given = typeof get === "function"
    ? get.call(headers, name)
    : Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  return given === undefined || given === null ? undefined : String(given);
}

/** True if a connection failed: each runtime says so in its own words. */
function isOfNetwork(error: unknown): boolean {
  return answersOf(error).some(({ name, code }) =>
    name === "TimeoutError" ||
    /^(?:E(?:CONN|PIPE|HOST|NET|TIMEDOUT|AI_AGAIN)|UND_ERR|Connection|FailedToOpenSocket)/
      .test(String(code))
  ) ||
    messagesOf(error).some((message) =>
      /fetch failed|error sending request|unable to connect|connection (?:closed|error|reset)|socket/i
        .test(message)
    );
}
