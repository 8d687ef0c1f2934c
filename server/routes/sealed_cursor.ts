import { createHmac, randomBytes } from "node:crypto";

const secret = randomBytes(32);

/** Signs a cursor for a client: a store trusts its own cursors. */
export function sealCursor(cursor: string): string {
  return `${sealOf(cursor)}.${encodeURIComponent(cursor)}`;
}

/** Returns a client's cursor; undefined if this process did not sign it, and all rows are new then. */
export function openCursor(sealed: string): string | undefined {
  const at = sealed.indexOf(".");
  if (at === -1) return undefined;
  try {
    const cursor = decodeURIComponent(sealed.slice(at + 1));
    return sealOf(cursor) === sealed.slice(0, at) ? cursor : undefined;
  } catch {
    return undefined; // not one of ours
  }
}

function sealOf(cursor: string): string {
  return createHmac("sha256", secret).update(cursor).digest("base64url").slice(0, 22);
}
