import {
  ColumnError,
  FormatError,
  LockError,
  messageOf,
  stackOf,
  StoreError,
} from "../../core/errors.ts";
import type { Problem, ProblemType } from "../../core/contract/wire.ts";
import { MissingPackageError } from "../../packages/missing_package_error.ts";
import { SECURE } from "./secure_headers.ts";

/** What each kind of problem is called. */
const titles: Readonly<Record<ProblemType, string>> = {
  "urn:stet:invalid-request": "The request is not valid",
  "urn:stet:lost-claim": "The claim was lost",
  "urn:stet:column": "The store cannot have such a column",
  "urn:stet:store": "The store cannot be used",
  "urn:stet:query": "The SQL cannot be run",
  "urn:stet:package": "A package is not installed",
};

/** What plain HTTP statuses are called. */
const meanings: Readonly<Record<number, string>> = {
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  408: "Request Timeout",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  421: "Misdirected Request",
  500: "Internal Server Error",
};

/** An answer that is a problem, thrown: nothing else of the request is done. */
export class ProblemError extends Error {
  override name = "ProblemError";
  readonly status: number;
  /** The problem as JSON. */
  readonly json: string;
  readonly headers: Readonly<Record<string, string>>;

  /**
   * @param type Which problem of ours it is; undefined: what the status means, and no more.
   * @param more Members that this kind of problem has, as JSON.
   */
  constructor(
    status: number,
    detail: string,
    { type, more = {}, headers = {} }: {
      readonly type?: ProblemType;
      readonly more?: Readonly<Record<string, string>>;
      readonly headers?: Readonly<Record<string, string>>;
    } = {},
  ) {
    super(detail);
    const title = type === undefined ? meanings[status] ?? "Problem" : titles[type];
    this.status = status;
    const problem: Problem = { type: type ?? "about:blank", title, status, detail };
    const members = Object.entries(more).map(([name, json]) => `,${JSON.stringify(name)}:${json}`);
    this.json = `${JSON.stringify(problem).slice(0, -1)}${members.join("")}}`;
    this.headers = headers;
  }
}

/** A request that does not say what it must; each error names its place in the body. */
export function invalidRequest(errors: readonly { path: string; message: string }[]): ProblemError {
  const detail = errors.map(({ path, message }) => path === "" ? message : `${path}: ${message}`)
    .join("; ");
  return new ProblemError(400, detail, {
    type: "urn:stet:invalid-request",
    more: { errors: JSON.stringify(errors) },
  });
}

/** The problem that anything thrown is to a client. What nobody foresaw is told to `warn`, not to it. */
export function problemOf(error: unknown, warn: (message: string) => void): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error instanceof LockError) {
    return new ProblemError(503, error.message, {
      type: "urn:stet:store",
      headers: { "retry-after": "1" },
    });
  }
  if (error instanceof MissingPackageError) {
    return new ProblemError(501, error.message, { type: "urn:stet:package" });
  }
  if (error instanceof ColumnError) {
    return new ProblemError(422, error.message, { type: "urn:stet:column" });
  }
  if (error instanceof FormatError || error instanceof StoreError) {
    return new ProblemError(503, error.message, { type: "urn:stet:store" });
  }
  // What a value, a name or a condition must be: the request's own fault.
  if (error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError) {
    return invalidRequest([{ path: "", message: error.message }]);
  }
  warn(`[stet] ${stackOf(error) || messageOf(error)}`);
  return new ProblemError(500, "The sidecar failed; its output says why");
}

/** A problem as a response (RFC 9457). */
export function problemResponse({ json, status, headers }: ProblemError): Response {
  return new Response(json, {
    status,
    headers: { ...SECURE, "content-type": "application/problem+json", ...headers },
  });
}
