import { missingPermission } from "../../core/runtime/missing_permission.ts";
import { poll } from "../../core/runtime/poll.ts";
import { stetToken } from "../../core/runtime/stet_token.ts";
import { StoreError } from "../../core/errors.ts";
import { isDistrusted, jsonObject, notSidecar, problemError, unreachable } from "./http_errors.ts";

/** For how long requests are retried to a sidecar that went away, and to one that never answered, in milliseconds. */
const PATIENCE_MS = 30_000, FIRST_PATIENCE_MS = 2_000;
/** The maximum time of an answer, in milliseconds. */
const TIMEOUT_MS = 120_000;
/** The pauses between two tries. */
const PAUSES = { minMs: 15, maxMs: 750, growth: 2 };

/** A request. */
export interface HttpRequest {
  /** The body of a POST; undefined: a GET. */
  readonly body?: string;
  readonly type?: string;
  readonly query?: object;
  /** The parts that differ once an earlier try may have arrived. */
  readonly again?: Pick<HttpRequest, "body" | "query">;
  /** The maximum time for all tries, in milliseconds. */
  readonly patience?: number;
}

/** A connection to a sidecar: sends requests, and again while it is away. */
export class HttpConnection {
  /** The URL without query, for messages. */
  readonly location: string;
  readonly #token: string | undefined;
  #hasAnswered = false;
  #isClosed = false;

  /** @throws {StoreError} If the URL or its token is unfit, or Deno gives no access to its host. */
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

  /** Returns the JSON of an answer. @param members The members that the answer of a sidecar has. */
  async ask<A extends object>(
    path: string,
    members: readonly (string & keyof A)[],
    request: HttpRequest = {},
  ): Promise<A> {
    const text = await this.#send(path, request, (response) => response.text());
    const answer = jsonObject(text);
    if (answer && members.every((name) => Object.hasOwn(answer, name))) return answer as A;
    throw notSidecar(this.location);
  }

  /** Returns a response, its body not read yet. @param type A part of a sidecar's content type. */
  async open(path: string, type: string, request: HttpRequest = {}): Promise<Response> {
    return await this.#send(path, request, async (response) => {
      if (response.headers.get("content-type")?.includes(type)) return response;
      await response.body?.cancel();
      throw notSidecar(this.location);
    }, Infinity);
  }

  /** Refuses all later requests. */
  close(): void {
    this.#isClosed = true;
  }

  /** Sends a request, and again for a while when the connection is lost. */
  async #send<T>(
    path: string,
    request: HttpRequest,
    read: (response: Response) => Promise<T>,
    timeout = TIMEOUT_MS,
  ): Promise<T> {
    if (this.#isClosed) {
      throw new StoreError(`Cannot use store "${this.location}": it was closed; open it again`);
    }
    const { again, patience = Infinity } = request;
    const start = performance.now();
    let trouble: unknown;
    const timeLeft = (): number => patience - (performance.now() - start);
    const attempt = async (sent: HttpRequest): Promise<{ readonly answer: T } | undefined> => {
      const limit = Math.min(timeout, timeLeft());
      if (trouble && limit < PAUSES.minMs) return undefined; // it is the reason, not the end of the time
      try {
        return { answer: await this.#fetch(path, sent, read, limit) };
      } catch (error) {
        if (error instanceof StoreError) throw error;
        trouble = error;
        if (isDistrusted(error)) throw unreachable(error, this.location, performance.now() - start);
        return undefined;
      }
    };
    const found = await attempt(request) ??
      await poll(() => attempt({ ...request, ...again }), {
        ...PAUSES,
        timeoutMs: Math.min(timeLeft(), this.#hasAnswered ? PATIENCE_MS : FIRST_PATIENCE_MS),
      });
    if (found) return found.answer;
    throw unreachable(trouble, this.location, performance.now() - start);
  }

  /** Sends a request once. @param limit The maximum time, in milliseconds. */
  async #fetch<T>(
    path: string,
    { body, type = "application/json", query = {} }: HttpRequest,
    read: (response: Response) => Promise<T>,
    limit: number,
  ): Promise<T> {
    const url = new URL(this.location + path);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const cut = new AbortController();
    // Not AbortSignal.timeout(): its timer would stay for two minutes after each answer.
    const timer = limit === Infinity ? undefined : setTimeout(
      () => cut.abort(new Error(`no answer within ${Math.round(limit) / 1000} s`)),
      limit,
    );
    try {
      const response = await fetch(url, {
        method: body === undefined ? "GET" : "POST",
        redirect: "manual", // the token is for this host
        headers: {
          ...body !== undefined && { "content-type": type },
          ...this.#token !== undefined && { authorization: `Bearer ${this.#token}` },
        },
        ...body !== undefined && { body },
        signal: cut.signal,
      });
      if (!response.ok) throw await problemError(response, this.location, this.#token);
      const answer = await read(response);
      this.#hasAnswered = true;
      return answer;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Parses a URL. @throws {StoreError} If it is no URL of HTTP; its message shows no password. */
function urlOf(location: string | URL): URL {
  const text = String(location);
  const url = URL.parse(text);
  if (url && /^https?:$/.test(url.protocol)) return url;
  const shown = text.replace(/\/\/.*@/s, "//").replace(/[?#].*/s, "");
  throw new StoreError(
    `Cannot open store "${shown}": it is no URL of a sidecar; one is like http://127.0.0.1:8787`,
  );
}
