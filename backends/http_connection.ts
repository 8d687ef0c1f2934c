import { setTimeout as sleep } from "node:timers/promises";
import { LostClaimError, messageOf, StoreError } from "../core/errors.ts";
import { parseJson } from "../core/json.ts";
import { missingPermission } from "../core/missing_permission.ts";
import { stetToken } from "../core/stet_token.ts";
import { isPlainObject, type Value } from "../core/value.ts";
import type { Problem } from "../core/wire.ts";

/** For how long a sidecar that went away is waited for, and one that was not there yet, in milliseconds. */
const PATIENCE = 30_000, FIRST_PATIENCE = 2_000;
/** How long an answer may take, in milliseconds. */
const TIMEOUT = 120_000;
/** The pauses between two tries, in milliseconds. */
const SHORTEST = 20, LONGEST = 1_000;

/** A request. */
export interface HttpRequest {
  /** What is sent as it is; a GET sends nothing. */
  readonly body?: string;
  readonly type?: string;
  readonly query?: Readonly<Record<string, string>>;
  /** The same for when an earlier try may have arrived. Default: the same. */
  readonly again?: Pick<HttpRequest, "body" | "query">;
}

/** What is known of a sidecar from its URL, and how it is asked. */
export class HttpConnection {
  /** The URL without query: what messages show. */
  readonly location: string;
  readonly #token: string | undefined;
  #hasAnswered = false;
  #isClosed = false;

  /**
   * @throws {StoreError} If the URL holds a password, its token cannot be read, or Deno gives no
   * access to its host.
   */
  constructor(url: URL) {
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
    if (missingPermission([{ name: "net", host: url.host }])) {
      throw new StoreError(
        `Cannot open store "${this.location}": Deno gives this program no access to it; start it ` +
          `with --allow-net=${url.host}`,
      );
    }
  }

  /** The JSON that a request is answered with. Made again, for a while, when the connection is lost. */
  async ask(path: string, request: HttpRequest = {}): Promise<Readonly<Record<string, Value>>> {
    return await this.#trying(path, request, async (response) => {
      const text = await response.text();
      let value: Value;
      try {
        value = parseJson(text);
      } catch {
        throw this.#notStet();
      }
      if (!isPlainObject(value)) throw this.#notStet();
      return value as Readonly<Record<string, Value>>;
    });
  }

  /** The response to a request, its body not read yet. */
  async open(path: string, request: HttpRequest = {}): Promise<Response> {
    return await this.#trying(path, request, (response) => Promise.resolve(response), Infinity);
  }

  /** Refuses all later requests. */
  close(): void {
    this.#isClosed = true;
  }

  async #trying<T>(
    path: string,
    request: HttpRequest,
    read: (response: Response) => Promise<T>,
    timeout = TIMEOUT,
  ): Promise<T> {
    if (this.#isClosed) {
      throw new StoreError(`Cannot use store "${this.location}": it was closed; open it again`);
    }
    let pause = SHORTEST;
    let end: number | undefined;
    for (let tries = 0;; tries++) {
      let trouble: unknown;
      try {
        const again = tries === 0 ? request : { ...request, ...request.again };
        const response = await this.#fetch(path, again, timeout);
        if (response.ok) {
          const answer = await read(response);
          this.#hasAnswered = true;
          return answer;
        }
        throw await this.#errorOf(response);
      } catch (error) {
        if (error instanceof StoreError) throw error;
        trouble = error;
      }
      const patience = this.#hasAnswered ? PATIENCE : FIRST_PATIENCE;
      end ??= performance.now() + patience;
      if (performance.now() + pause > end) throw this.#unreachable(trouble, patience);
      await sleep(pause * (0.5 + Math.random() / 2));
      pause = Math.min(pause * 2, LONGEST);
    }
  }

  async #fetch(
    path: string,
    { body, type = "application/json", query = {} }: HttpRequest,
    timeout: number,
  ): Promise<Response> {
    const search = new URLSearchParams(query).toString();
    return await fetch(`${this.location}${path}${search === "" ? "" : `?${search}`}`, {
      method: body === undefined ? "GET" : "POST",
      redirect: "error", // the token is for this host
      headers: {
        ...body !== undefined && { "content-type": type },
        ...this.#token !== undefined && { authorization: `Bearer ${this.#token}` },
      },
      ...body !== undefined && { body },
      ...timeout !== Infinity && { signal: AbortSignal.timeout(timeout) },
    });
  }

  /** What a problem says, as an error. */
  async #errorOf(response: Response): Promise<Error> {
    const text = await response.text();
    let problem: Partial<Problem>;
    try {
      problem = JSON.parse(text) as Partial<Problem>;
    } catch {
      problem = {};
    }
    const { type, detail = `it answered ${response.status}` } = problem;
    if (response.status === 401) {
      return new StoreError(
        `Cannot use store "${this.location}": it needs a token; set STET_TOKEN (Deno reads it with ` +
          `--allow-env=STET_TOKEN), or name a file that holds it: ?token_file=…`,
      );
    }
    if (type === "urn:stet:lost-claim") {
      return new LostClaimError(
        `${detail} ("${this.location}"): ${JSON.stringify(problem["winner"])}`,
      );
    }
    const error = `Cannot use store "${this.location}": ${detail}`;
    // What a proxy says while the sidecar is away, or the sidecar while the store is locked.
    const isPassing = [502, 503, 504].includes(response.status) &&
      (!type?.startsWith("urn:stet:") || response.headers.has("retry-after"));
    return isPassing ? new Error(detail) : new StoreError(error);
  }

  #notStet(): StoreError {
    return new StoreError(
      `Cannot use store "${this.location}": what answers there is no sidecar of stet; check the URL`,
    );
  }

  #unreachable(trouble: unknown, patience: number): StoreError {
    return new StoreError(
      `Cannot reach store "${this.location}" (tried for ${patience / 1000} s): ` +
        `${messageOf(trouble)}; start it with: stet serve`,
      { cause: trouble },
    );
  }
}
