import type { Lease } from "../../core/contract/backend.ts";

const TEXT = /^lease (\d+) (\S+) (.*)$/s;

/** A lease as the state file notes it, where it has the id of an owner else. */
export function leaseText({ token, until, holder = "" }: Lease): string {
  const text = `lease ${Math.trunc(until)} ${token} ${holder}`;
  if (TEXT.exec(text)?.[2] === token) return text;
  throw new TypeError(
    `Cannot claim with the token ${
      JSON.stringify(token)
    } until ${until}: a token has at least one ` +
      `character and no white space, and the time is in milliseconds since 1970`,
  );
}

/** The lease that is noted in a text; undefined if the text is the id of an owner. */
export function readLease(text: string): Required<Lease> | undefined {
  const [, until, token, holder] = TEXT.exec(text) ?? [];
  if (token === undefined) return undefined;
  return { token, until: Number(until), holder: holder || "a client of a sidecar" };
}
