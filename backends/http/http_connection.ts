import { setTimeout as sleep } from "node:timers/promises";
import { ColumnError, LostClaimError, StoreError } from "../../core/errors.ts";
import { parseJson } from "../../core/values/json.ts";
import { missingPermission } from "../../core/runtime/missing_permission.ts";
import { stetToken } from "../../core/runtime/stet_token.ts";
import { isPlainObject, type Value } from "../../core/values/value.ts";
import type { Problem } from "../../core/contract/wire.ts";
import { isDistrusted, remedyFor, troubleText } from "./http_trouble.ts";

/** How long requests are retried to a sidecar that went away, and to one that never answered, in milliseconds. */
const PATIENCE_MS = 30_000, FIRST_PATIENCE_MS = 2_000;
/** How long an answer may take, in milliseconds. */
const TIMEOUT_MS = 120_000;
/** The pauses between two tries, in milliseconds. */
const MIN_PAUSE_MS = 20, MAX_PAUSE_MS = 1_000;

/** A request. */
export interface HttpRequest {
  /** What is sent as it is; a GET sends nothing. */
  readonly body?: string;
  readonly type?: string;
  readonly query?: Readonly<Record<string, string>>;
  /** The same for when an earlier try may have arrived. Default: the same. */
  readonly again?: Pick<HttpRequest, "body" | "query">;
  /** The most time for all tries together, in milliseconds. */
  readonly patience?: number;
}

/** What is known of a sidecar from its URL, and how it is asked. */
export class HttpConnection {
  /** The URL without query: what messages show. */
  readonly location: string;
  readonly #token: string | undefined;
  #hasAnswered = false;
  #isClosed = false;

  /**
   * @throws {StoreError} If it is no URL of HTTP, it holds a password, its token cannot be read, or Deno gives no
   * access to its host.
   */
  constructor(location: string | URL) {
    const url = urlOf(location);
    if (url.username !== "" || url.password !== "") {
      throw new StoreError(
        `Cannot open store "${url.protocol}//${url.host}": a URL is no place for a token; set ` +
          `STET_TOKEN, or name a file that holds it: ?token_file=…`,
      );
    }
    let end = url.pathname.length;
    while (url.pathname[end - 1] === "/") end--;
    this.location = `${url.origin}${url.pathname.slice(0, end)}`;
    this.#token = stetToken(url.searchParams.get("token_file") ?? undefined);
    if (this.#token !== undefined && !/^[ -~]+$/.test(this.#token)) {
      // What runtimes say of such a header shows it.
      throw new StoreError(
        `Cannot open store "${this.location}": its token has characters that no header can hold; ` +
          `make one of visible ASCII characters`,
      );
    }
    if (missingPermission([{ name: "net", host: url.host }])) {
      throw new StoreError(
        `Cannot open store "${this.location}": Deno gives this program no access to it; start it ` +
          `with --allow-net=${url.host}`,
      );
    }
  }

  /**
   * Returns the JSON that a request is answered with. It is made again, for a while, when the connection
   * is lost.
   *
   * @param members Those that the answer must have: else it is none of a sidecar.
   */
  async ask(
    path: string,
    members: readonly string[],
    request: HttpRequest = {},
  ): Promise<Readonly<Record<string, Value>>> {
    return await this.#trying(path, request, async (response) => {
      const text = await response.text();
      let value: Value;
      try {
        value = parseJson(text);
      } catch {
        throw this.#notStet();
      }
      if (!isPlainObject(value) || members.some((name) => !Object.hasOwn(value, name))) {
        throw this.#notStet();
      }
      return value as Readonly<Record<string, Value>>;
    });
  }

  /**
   * Returns the response to a request, its body not read yet.
   *
   * @param type What its content type must have in it: else it is none of a sidecar.
   */
  async open(path: string, type: string, request: HttpRequest = {}): Promise<Response> {
    return await this.#trying(path, request, async (response) => {
      if (response.headers.get("content-type")?.includes(type)) return response;
      await response.body?.cancel();
      throw this.#notStet();
    }, Infinity);
  }

  /** Refuses all later requests. */
  close(): void {
    this.#isClosed = true;
  }

  async #trying<T>(
    path: string,
    request: HttpRequest,
    read: (response: Response) => Promise<T>,
    timeout = TIMEOUT_MS,
  ): Promise<T> {
    if (this.#isClosed) {
      throw new StoreError(`Cannot use store "${this.location}": it was closed; open it again`);
    }
    let pause = MIN_PAUSE_MS;
    const start = performance.now();
    let end: number | undefined;
    for (let tries = 0;; tries++) {
      let trouble: unknown;
      const cut = new AbortController();
      // Not AbortSignal.timeout(): its timer would stay for two minutes after each answer.
      const most = Math.min(timeout, (request.patience ?? Infinity) - (performance.now() - start));
      const timer = most === Infinity
        ? undefined
        : setTimeout(() => cut.abort(new Error(`no answer within ${most / 1000} s`)), most);
      try {
        const again = tries === 0 ? request : { ...request, ...request.again };
        const response = await this.#fetch(path, again, cut.signal);
        if (response.ok) {
          const answer = await read(response);
          this.#hasAnswered = true;
          return answer;
        }
        throw await this.#errorOf(response);
      } catch (error) {
        if (error instanceof StoreError) throw error;
        trouble = error;
      } finally {
        clearTimeout(timer);
      }
      const patience = Math.min(
        request.patience ?? Infinity,
        this.#hasAnswered ? PATIENCE_MS : FIRST_PATIENCE_MS,
      );
      const isFinal = isDistrusted(troubleText(trouble));
      end ??= performance.now() + patience;
      if (isFinal || performance.now() + pause > end) {
        throw this.#unreachable(trouble, performance.now() - start);
      }
      await sleep(pause * (0.5 + Math.random() / 2));
      pause = Math.min(pause * 2, MAX_PAUSE_MS);
    }
  }

  async #fetch(
    path: string,
    { body, type = "application/json", query = {} }: HttpRequest,
    signal: AbortSignal,
  ): Promise<Response> {
    const search = new URLSearchParams(query).toString();
    return await fetch(`${this.location}${path}${search === "" ? "" : `?${search}`}`, {
      method: body === undefined ? "GET" : "POST",
      redirect: "manual", // the token is for this host
      headers: {
        ...body !== undefined && { "content-type": type },
        ...this.#token !== undefined && { authorization: `Bearer ${this.#token}` },
      },
      ...body !== undefined && { body },
      signal,
    });
  }

  /** What a problem says, as an error. */
  async #errorOf(response: Response): Promise<Error> {
    const problem = problemIn(await response.text());
    const { status } = response;
    const { type, detail = `it answered ${status}` } = problem ?? {};
    if (status === 401) {
      const what = this.#token === undefined ? "it needs a token" : "it takes another token";
      return new StoreError(
        `Cannot use store "${this.location}": ${what}; set STET_TOKEN (Deno reads it with ` +
          `--allow-env=STET_TOKEN), or name a file that holds it: ?token_file=…`,
      );
    }
    if (status >= 300 && status < 400) {
      return new StoreError(
        `Cannot use store "${this.location}": it sends requests on to ` +
          `"${
            placeOf(response.headers.get("location"), this.location)
          }"; give that URL if it is meant`,
      );
    }
    if (type === "urn:stet:lost-claim") {
      return new LostClaimError(
        `${detail} ("${this.location}"): ${JSON.stringify(problem?.["winner"])}`,
      );
    }
    const error = `Cannot use store "${this.location}": ${detail}`;
    if (type === "urn:stet:column") return new ColumnError(error);
    // What a proxy says while the sidecar is away, or the sidecar while the store is locked.
    const isPassing = [502, 503, 504].includes(status) &&
      (!type?.startsWith("urn:stet:") || response.headers.has("retry-after"));
    if (isPassing) return new Error(detail);
    return problem ? new StoreError(error) : this.#notStet(status);
  }

  #notStet(status = 200): StoreError {
    const what = status === 200 ? "" : ` (it answered ${status})`;
    return new StoreError(
      `Cannot use store "${this.location}": what answers there is no sidecar of stet${what}; check ` +
        `the URL`,
    );
  }

  #unreachable(trouble: unknown, tried: number): StoreError {
    const text = troubleText(trouble);
    return new StoreError(
      `Cannot reach store "${this.location}" (tried for ${
        (tried / 1000).toFixed(1)
      } s): ${text}; ` +
        remedyFor(text),
      { cause: trouble },
    );
  }
}

/** @throws {StoreError} If it is no URL of HTTP; shows no password. */
function urlOf(location: string | URL): URL {
  const text = String(location);
  const url = URL.parse(text);
  if (url && /^https?:$/.test(url.protocol)) return url;
  throw new StoreError(
    `Cannot open store "${
      text.replace(/\/\/.*@/s, "//").replace(/[?#].*/s, "")
    }": it is no URL of a ` +
      `sidecar; one is like http://127.0.0.1:8787`,
  );
}

/** The problem (RFC 9457) that a text is; undefined if it is none. */
function problemIn(text: string): Partial<Problem> | undefined {
  try {
    const problem: unknown = JSON.parse(text);
    const isProblem = isPlainObject(problem) && typeof problem["detail"] === "string" &&
      typeof problem["type"] === "string";
    return isProblem ? problem as Partial<Problem> : undefined;
  } catch {
    return undefined;
  }
}

/** Where a redirection leads, without the user, password and query that a URL can hold. */
function placeOf(target: string | null, base: string): string {
  try {
    const { origin, pathname } = new URL(target ?? "", base);
    return `${origin}${pathname}`;
  } catch {
    return "nowhere";
  }
}
