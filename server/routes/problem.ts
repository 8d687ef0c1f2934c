import { STATUS_CODES } from "node:http";
import { ColumnError, LockError, messageOf, stackOf, StoreError } from "../../core/errors.ts";
import type { Problem, ProblemType } from "../../core/contract/wire.ts";
import { MissingPackageError } from "../../packages/load_package.ts";
import { SECURE } from "./secure_headers.ts";

/** The titles of our own problems. */
const titles: Readonly<Record<ProblemType, string>> = {
  "urn:stet:invalid-request": "The request is not valid",
  "urn:stet:lost-claim": "The claim was lost",
  "urn:stet:column": "The store cannot have such a column",
  "urn:stet:store": "The store cannot be used",
  "urn:stet:query": "The SQL cannot be run",
  "urn:stet:package": "A package is not installed",
};

/** The titles of problems that are HTTP statuses (RFC 9110). */
const meanings: Readonly<Record<number, string | undefined>> = {
  ...STATUS_CODES,
  413: "Content Too Large",
};

/** A problem that answers the request; thrown. */
export class ProblemError extends Error {
  override name = "ProblemError";
  readonly status: number;
  /** The problem as JSON. */
  readonly json: string;
  readonly headers: Readonly<Record<string, string>>;

  /**
   * @param type The problem of our own; undefined: the meaning of the status.
   * @param more More members, as JSON.
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

/** Returns the problem of an invalid request; each error names its place in the body. */
export function invalidRequest(errors: readonly { path: string; message: string }[]): ProblemError {
  const detail = errors.map(({ path, message }) => path === "" ? message : `${path}: ${message}`)
    .join("; ");
  return new ProblemError(400, detail, {
    type: "urn:stet:invalid-request",
    more: { errors: JSON.stringify(errors) },
  });
}

/** Returns the problem of anything thrown. Only `warn` gets the details of an unforeseen error. */
export function problemOf(error: unknown, warn: (message: string) => void): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error instanceof MissingPackageError) {
    return new ProblemError(501, error.message, { type: "urn:stet:package" });
  }
  if (error instanceof ColumnError) {
    return new ProblemError(422, error.message, { type: "urn:stet:column" });
  }
  if (error instanceof StoreError) {
    return new ProblemError(503, error.message, {
      type: "urn:stet:store",
      ...error instanceof LockError && { headers: { "retry-after": "1" } },
    });
  }
  // A value, a name or a condition of the request is invalid.
  if (error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError) {
    return invalidRequest([{ path: "", message: error.message }]);
  }
  warn(`[stet] ${stackOf(error) || messageOf(error)}`);
  return new ProblemError(500, "The sidecar failed; its output says why");
}

/** Returns a problem as a response (RFC 9457). */
export function problemResponse({ json, status, headers }: ProblemError): Response {
  return new Response(json, {
    status,
    headers: { ...SECURE, "content-type": "application/problem+json", ...headers },
  });
}
