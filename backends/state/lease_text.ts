import type { Lease } from "../../core/contract/backend.ts";

const TEXT = /^lease (\d+) (\S+) (.*)$/s;

/** Encodes a lease for the column that otherwise has the id of an owner. */
export function leaseText({ token, until, holder = "" }: Lease): string {
  const text = `lease ${Math.trunc(until)} ${token} ${holder}`;
  if (TEXT.exec(text)?.[2] === token) return text;
  throw new TypeError(
    `Cannot claim with the token ${JSON.stringify(token)} until ${until}: a token has at least ` +
      `one character and no white space, and the time is in milliseconds since 1970`,
  );
}

/** Decodes a lease; undefined if the text is the id of an owner. */
export function readLease(text: string): Required<Lease> | undefined {
  const [, until, token, holder] = TEXT.exec(text) ?? [];
  if (token === undefined) return undefined;
  return { token, until: Number(until), holder: holder || "a client of a sidecar" };
}
