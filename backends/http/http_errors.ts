import type { Problem } from "../../core/contract/wire.ts";
import { ColumnError, LostClaimError, StoreError } from "../../core/errors.ts";
import { parseJson } from "../../core/values/json.ts";
import { isPlainObject, type Value } from "../../core/values/value.ts";

/**
 * Returns the error that a response other than 2xx means: a StoreError, or another error if the request
 * may be tried again.
 */
export async function problemError(
  response: Response,
  location: string,
  token: string | undefined,
): Promise<Error> {
  const problem = problemIn(await response.text());
  const { status, headers } = response;
  const { type, detail = `it answered ${status}` } = problem ?? {};
  const cannotUse = `Cannot use store "${location}": `;
  if (status === 401) {
    const what = token === undefined ? "it needs a token" : "it takes another token";
    return new StoreError(
      `${cannotUse}${what}; set STET_TOKEN (Deno reads it with --allow-env=STET_TOKEN), or name a ` +
        `file that holds it: ?token_file=…`,
    );
  }
  if (status >= 300 && status < 400) {
    const target = placeOf(headers.get("location"), location);
    return new StoreError(
      `${cannotUse}it sends requests on to "${target}"; give that URL if it is meant`,
    );
  }
  if (type === "urn:stet:lost-claim") {
    return new LostClaimError(`${detail} ("${location}"): ${JSON.stringify(problem?.["winner"])}`);
  }
  if (type === "urn:stet:column") return new ColumnError(cannotUse + detail);
  // A proxy answers so while the sidecar is away, the sidecar while the store is locked.
  const isPassing = [502, 503, 504].includes(status) &&
    (!type?.startsWith("urn:stet:") || headers.has("retry-after"));
  if (isPassing) return new Error(detail);
  return problem ? new StoreError(cannotUse + detail) : notSidecar(location, status);
}

/** Returns the error that an answer is none of a sidecar. */
export function notSidecar(location: string, status = 200): StoreError {
  const what = status === 200 ? "" : ` (it answered ${status})`;
  return new StoreError(
    `Cannot use store "${location}": what answers there is no sidecar of stet${what}; check the URL`,
  );
}

/** Returns the error that a sidecar could not be reached within a time in milliseconds. */
export function unreachable(trouble: unknown, location: string, time: number): StoreError {
  const text = troubleText(trouble);
  return new StoreError(
    `Cannot reach store "${location}" (tried for ${(time / 1000).toFixed(1)} s): ${text}; ` +
      remedyFor(text),
    { cause: trouble },
  );
}

/** Returns why a request failed, with the causes that runtimes hide: `fetch failed: connect ECONNREFUSED …`. */
function troubleText(error: unknown): string {
  const texts: string[] = [];
  let each = error;
  for (let depth = 0; each !== undefined && each !== null && depth < 10; depth++) {
    // An AggregateError has one error for each address.
    const { message, code, cause, errors } = each as Partial<AggregateError & { code: unknown }>;
    const text = String(message || code || (typeof each === "object" ? "" : each));
    if (text !== "" && !texts.some((known) => known.includes(text))) texts.push(text);
    each = cause ?? errors?.[0];
  }
  return texts.join(": ") || "the connection failed";
}

/** The troubles of a certificate that is not trusted. */
const DISTRUSTED = /certificate|self.signed|CERT_|UnknownIssuer|unable to verify|altnames/i;

/** True if the certificate of the other side is not trusted: trying again does not help. */
export function isDistrusted(trouble: unknown): boolean {
  return DISTRUSTED.test(troubleText(trouble));
}

function remedyFor(text: string): string {
  if (DISTRUSTED.test(text)) {
    return "have this machine trust its certificate (NODE_EXTRA_CA_CERTS, deno --cert)";
  }
  if (/ENOTFOUND|EAI_AGAIN|dns|resolve|lookup/i.test(text)) return "check the host name in the URL";
  if (/wrong version number|packet length|corrupt message|InvalidContentType|EPROTO/i.test(text)) {
    return "what answers there speaks no TLS: use http:// if that is meant";
  }
  return "start it with: stet serve";
}

/** Returns the problem (RFC 9457) in a text, or undefined. */
function problemIn(text: string): Partial<Problem> | undefined {
  const problem = jsonObject(text);
  const isProblem = typeof problem?.["detail"] === "string" && typeof problem["type"] === "string";
  return isProblem ? problem as Partial<Problem> : undefined;
}

/** Returns the object that a JSON text spells, or undefined. */
export function jsonObject(text: string): Readonly<Record<string, Value>> | undefined {
  try {
    const value = parseJson(text);
    return isPlainObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Returns the target of a redirection without the user, password and query that a URL can hold. */
function placeOf(target: string | null, base: string): string {
  const url = URL.parse(target ?? "", base);
  return url ? `${url.origin}${url.pathname}` : "nowhere";
}
