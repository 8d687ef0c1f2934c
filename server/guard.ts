import { createHash, timingSafeEqual } from "node:crypto";
import { ProblemError } from "./routes/problem.ts";

/** Who may ask. */
export interface GuardOptions {
  /** What clients must send as `Authorization: Bearer`; undefined: they need not. */
  readonly token: string | undefined;
  /** Names, without a port, by which the sidecar may be called. */
  readonly hosts: ReadonlySet<string>;
}

/**
 * Throws the problem of a request that must not be answered.
 *
 * @param path Its path, as routes are found by it.
 */
export type Guard = (request: Request, path: string) => void;

/** The names of this machine to itself. */
const LOOPBACK = ["localhost", "127.0.0.1", "[::1]"] as const;

/** The host names that are known for a bound address and those allowed besides. */
export function knownHosts(bound: string, allowed: readonly string[]): ReadonlySet<string> {
  const own = bound.includes(":") ? `[${bound}]` : bound;
  return new Set([...LOOPBACK, own, ...allowed].map((name) => name.toLowerCase()));
}

/** Whether an address is of this machine only. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/**
 * Keeps out who must not ask: a page of another site whose name was made to resolve here (the Host
 * is not ours), one that posts across sites (its Origin is not ours), and whoever lacks the token.
 */
export function createGuard({ token, hosts }: GuardOptions): Guard {
  const expected = token === undefined ? undefined : digest(token);

  return ({ headers }, path) => {
    const host = headers.get("host");
    if (host === null || !hosts.has(nameOf(host))) {
      throw new ProblemError(
        421,
        "This sidecar is not called by that Host; start it with --allow-host to allow the name",
      );
    }
    const origin = headers.get("origin");
    if (origin !== null && origin.replace(/^https?:\/\//, "") !== host) {
      throw new ProblemError(403, "Pages of another origin may not use this sidecar");
    }
    // What a browser says of itself, where it says it: an image or a form of another site. A link of
    // one may lead to the page.
    const site = headers.get("sec-fetch-site");
    const isLink = headers.get("sec-fetch-mode") === "navigate" && path === "/";
    if (site !== null && site !== "same-origin" && site !== "none" && !isLink) {
      throw new ProblemError(403, "Pages of another site may not use this sidecar");
    }
    if (
      expected && isProtected(path) && !isToken(headers.get("authorization"), expected)
    ) {
      throw new ProblemError(401, "This sidecar needs its token as Authorization: Bearer …", {
        headers: { "www-authenticate": 'Bearer realm="stet"' },
      });
    }
  };
}

/** The page at `/` asks for the token; what it shows comes from under `/v1`. */
function isProtected(path: string): boolean {
  return path === "/v1" || path.startsWith("/v1/");
}

/** The name in a Host header, which may have a port. */
function nameOf(host: string): string {
  return host.replace(/:\d{1,5}$/, "").toLowerCase();
}

/** In the same time whatever was sent: digests are of one length. */
function isToken(authorization: string | null, expected: Uint8Array): boolean {
  const sent = /^bearer +(.+)$/i.exec(authorization ?? "")?.[1];
  return timingSafeEqual(digest(sent ?? ""), expected) && sent !== undefined;
}

function digest(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
