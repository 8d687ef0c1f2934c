/** Names of parameters that hold a secret. */
const SECRET_NAME =
  /pass(?:word|wd|phrase)?$|^pwd$|secret|token|credential|^(?:sig|signature|auth|authorization|jwt)$|(?:api|access|account|private)[-_]?key$/i;

/** A parameter that names a file, and holds no secret: `token_file`. */
const FILE_NAME = /file$/i;

/** A secret outside of a URL: `host=a password='b c'`. */
const SECRET_WORD =
  /(\b\w*(?:password|passwd|pwd|secret|token)\s*=\s*)(?:'(?:[^'\\]|\\.)*'|[^\s;&]+)/gi;

/**
 * Returns the location of a store as messages show it: without passwords, tokens and other secrets. A path is
 * returned as it is.
 *
 * The location need not be a URL that parses. A password may hold `/`, `@`, `?` and `#` unescaped: where there
 * can be one, all before the last `@` counts as user and password.
 */
export function shownLocation(location: string | URL): string {
  const text = String(location);
  const [, scheme, rest] = /^((?:[a-z][a-z0-9+.-]*:)+\/\/)(.*)$/is.exec(text) ?? [];
  if (scheme === undefined || rest === undefined) return text.replace(SECRET_WORD, "$1…");
  return scheme + withoutParameters(withoutPassword(scheme, rest));
}

function withoutPassword(scheme: string, rest: string): string {
  const at = rest.lastIndexOf("@");
  const host = /^[^/?#]*/.exec(rest)![0];
  // An `@` in the path or query of a URL without a user. A number after the host may begin a password.
  if (at === -1 || !/[@:]/.test(host)) return rest;
  const colon = rest.indexOf(":");
  const user = rest.slice(0, colon === -1 ? at : Math.min(colon, at));
  // A name alone is a token in the URLs of many services.
  const shown = /^https?:/i.test(scheme) || user === "" ? "" : `${user}@`;
  return shown + rest.slice(at + 1);
}

function withoutParameters(rest: string): string {
  const start = rest.search(/[?#]/);
  if (start === -1) return rest;
  const kept = rest.slice(start + 1).split(/[&#]/).filter((parameter) => {
    const name = decoded(parameter.split("=", 1)[0]!);
    return FILE_NAME.test(name) || !SECRET_NAME.test(name);
  });
  return rest.slice(0, start) + (kept.length > 0 ? `${rest[start]}${kept.join("&")}` : "");
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Names of options and variables that hold a secret: `--api-key`, `HF_TOKEN`. Not `max_tokens`. */
const SECRET_OPTION =
  /(?:pass(?:word|wd|phrase)?|pwd|secret|token|credentials?|jwt|authorization)$|(?:api|access|account|private|secret)[-_]?key$/i;
/** Secrets of a known form: the value of a header, and keys of services. */
const SECRET_TEXT =
  /\bbearer\s+\S+|\bauthorization:\s*\S.*|\b(?:sk|pk|rk|hf|gh[oprsu]|glpat|xox[abprs]|AKIA)[-_]?[A-Za-z0-9_-]{16,}/gi;

/**
 * Returns the words of a command without secrets: without those in URLs, the values of options and variables
 * whose names say that they are secret, and texts in the form of a key.
 */
export function withoutSecretWords(words: readonly string[]): string[] {
  return words.map((word, i) => {
    const [, name, value] = /^([^=\s/:]+)=(.*)$/s.exec(word) ?? [];
    if (name !== undefined && isSecretName(name) && value !== "") return `${name}=…`;
    const before = words[i - 1] ?? "";
    const isValue = /^-/.test(before) && !before.includes("=") && isSecretName(before) &&
      !word.startsWith("-");
    if (isValue) return "…";
    return withoutSecrets(word).replace(SECRET_WORD, "$1…").replace(SECRET_TEXT, "…");
  });
}

function isSecretName(name: string): boolean {
  return SECRET_OPTION.test(name) && !FILE_NAME.test(name);
}

/** Returns a text with the URLs in it as {@linkcode shownLocation} shows them. */
export function withoutSecrets(text: string): string {
  return text.replace(/[a-z][a-z0-9+.-]*:\/\/[^\s"'`]+/gi, shownLocation);
}
