import { createHash, timingSafeEqual } from "node:crypto";
import { getPath } from "hono/utils/url";
import { ProblemError } from "./routes/problem.ts";

/** Maximum length of a Host in messages. */
const MAX_HOST = 100;

/** Returns the names of this machine to itself, of a bound address, and the allowed ones. */
export function knownHosts(bound: string, allowed: readonly string[]): ReadonlySet<string> {
  const own = bound.includes(":") ? `[${bound}]` : bound;
  const names = ["localhost", "127.0.0.1", "[::1]", own, ...allowed];
  return new Set(names.map((name) => name.toLowerCase()));
}

/** True if an address reaches this machine only. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/**
 * Returns a function that throws the problem of a request that must not be answered: of a page of another
 * site whose name was made to resolve here (the Host is not ours), of a page that posts across sites (its
 * Origin is not ours), or of a client without the token.
 *
 * @param token The bearer token of clients; undefined: none is needed.
 * @param hosts The names of the sidecar in `Host`, without a port.
 */
export function createGuard(
  token: string | undefined,
  hosts: ReadonlySet<string>,
): (request: Request) => void {
  const expected = token === undefined ? undefined : digest(token);

  return (request) => {
    const { headers } = request;
    const host = headers.get("host");
    const name = host?.replace(/:\d{1,5}$/, "").toLowerCase(); // without a port
    if (name === undefined || !hosts.has(name)) {
      throw new ProblemError(421, unknownHost(name));
    }
    const origin = headers.get("origin");
    if (origin !== null && origin.replace(/^https?:\/\//, "") !== host) {
      throw new ProblemError(403, "Pages of another origin may not use this sidecar");
    }
    // Of browsers that send it: an image or a form of another site. Its links may lead to the page.
    const site = headers.get("sec-fetch-site");
    const isLink = headers.get("sec-fetch-mode") === "navigate" && getPath(request) === "/";
    if (site !== null && site !== "same-origin" && site !== "none" && !isLink) {
      throw new ProblemError(403, "Pages of another site may not use this sidecar");
    }
    // The page at `/` asks for the token; what it shows comes from under `/v1`.
    const isProtected = expected && /^\/v1(?:\/|$)/.test(getPath(request));
    if (isProtected && !isToken(headers.get("authorization"), expected)) {
      throw new ProblemError(401, "This sidecar needs its token as Authorization: Bearer …", {
        headers: { "www-authenticate": 'Bearer realm="stet"' },
      });
    }
  };
}

function unknownHost(name: string | undefined): string {
  if (name === undefined) return "A request to this sidecar needs a Host";
  const shown = JSON.stringify(name.slice(0, MAX_HOST));
  return `This sidecar is not known by the Host ${shown}; start it with --allow-host ${shown} to allow the name`;
}

/** Takes the same time for any token: digests are of one length. */
function isToken(authorization: string | null, expected: Uint8Array): boolean {
  const sent = /^bearer +(.+)$/i.exec(authorization ?? "")?.[1];
  return timingSafeEqual(digest(sent ?? ""), expected) && sent !== undefined;
}

function digest(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
