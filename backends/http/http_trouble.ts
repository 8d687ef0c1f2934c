/** Returns why a request failed, with the causes that runtimes hide: `fetch failed: connect ECONNREFUSED …`. */
export function troubleText(error: unknown): string {
  const texts: string[] = [];
  let each = error;
  for (let depth = 0; each !== undefined && each !== null && depth < 10; depth++) {
    const { message, code, cause, errors } = each as {
      readonly message?: unknown;
      readonly code?: unknown;
      readonly cause?: unknown;
      readonly errors?: readonly unknown[]; // of an AggregateError: one for each address
    };
    const text = String(message || code || (typeof each === "object" ? "" : each));
    if (text !== "" && !texts.some((known) => known.includes(text))) texts.push(text);
    each = cause ?? errors?.[0];
  }
  return texts.join(": ") || "the connection failed";
}

/** True if the other side has a certificate that is not trusted: trying again does not help. */
export function isDistrusted(text: string): boolean {
  return /certificate|self.signed|CERT_|UnknownIssuer|unable to verify|altnames/i.test(text);
}

/** Remedy for a failed request. */
export function remedyFor(text: string): string {
  if (isDistrusted(text)) {
    return "have this machine trust its certificate (NODE_EXTRA_CA_CERTS, deno --cert)";
  }
  if (/ENOTFOUND|EAI_AGAIN|dns|resolve|lookup/i.test(text)) return "check the host name in the URL";
  if (/wrong version number|packet length|corrupt message|InvalidContentType|EPROTO/i.test(text)) {
    return "what answers there speaks no TLS: use http:// if that is meant";
  }
  return "start it with: stet serve";
}
