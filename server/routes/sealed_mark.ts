import { createHmac, randomBytes } from "node:crypto";

const secret = randomBytes(32);

/** A mark for a client: only one that was given is taken back, since a store trusts its own marks. */
export function sealMark(mark: string): string {
  return `${sealOf(mark)}.${encodeURIComponent(mark)}`;
}

/** The mark that a client has; undefined if this process did not give it, and all rows are new then. */
export function openMark(sealed: string): string | undefined {
  const at = sealed.indexOf(".");
  if (at === -1) return undefined;
  try {
    const mark = decodeURIComponent(sealed.slice(at + 1));
    return sealOf(mark) === sealed.slice(0, at) ? mark : undefined;
  } catch {
    return undefined; // not one of ours
  }
}

function sealOf(mark: string): string {
  return createHmac("sha256", secret).update(mark).digest("base64url").slice(0, 22);
}
