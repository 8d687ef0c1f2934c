/** A member of a URL's query whose value is a secret. */
const SECRET =
  /([?&](?:[\w.-]*(?:pass(?:word|wd|phrase)?|pwd|secret|token|credentials?|signature)|(?:[\w-]*[_-])?(?:key|auth|sig))=)([^&#]*)/gi;

/**
 * Returns the location of a store without its secrets, for messages: the password of a URL, and the values of
 * members of its query such as `password`. A password may hold `/`, `?` and `@` as they are.
 */
export function shownLocation(location: string | URL): string {
  const text = String(location);
  const [, scheme = "", rest = ""] = /^([a-z][a-z0-9+.-]*:\/\/)(?!\/)(.*)$/is.exec(text) ?? [];
  if (scheme === "") return text.replace(SECRET, "$1…");
  const at = rest.lastIndexOf("@");
  const secrets = [...rest.matchAll(SECRET)];
  // The "@" may belong to a secret of the query, or the "?" to the password: no part is certain.
  if (secrets.some(({ index }) => index < at)) return `${scheme}…`;
  const host = rest.slice(at + 1).replace(SECRET, "$1…");
  if (at < 0) return scheme + host;
  const user = /^[\w.%~-]+(?=:)/.exec(rest)?.[0] ?? "";
  return `${scheme}${user}${user && ":"}…@${host}`;
}

/** Returns a text with the locations in it as {@linkcode shownLocation} shows them. */
export function withoutSecrets(text: string): string {
  return text.replace(/[a-z][a-z0-9+.-]*:\/\/[^\s"'`]+/gi, shownLocation);
}
