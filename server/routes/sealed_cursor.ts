import { Buffer } from "node:buffer";
import { createHmac, randomBytes } from "node:crypto";

const secret = randomBytes(32);

/** Signs a cursor for a client: a store trusts its own cursors. */
export function sealCursor(cursor: string): string {
  return `${sealOf(cursor)}.${Buffer.from(cursor).toString("base64url")}`;
}

/** Returns a client's cursor; undefined if this process did not sign it, and all rows are new then. */
export function openCursor(sealed: string): string | undefined {
  const [seal, text = ""] = sealed.split(".");
  const cursor = Buffer.from(text, "base64url").toString();
  return sealOf(cursor) === seal ? cursor : undefined;
}

function sealOf(cursor: string): string {
  return createHmac("sha256", secret).update(cursor).digest("base64url").slice(0, 22);
}
