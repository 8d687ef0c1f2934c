import { parse } from "./parse.js";

const KEPT = "stet-token";
let token = sessionStorage.getItem(KEPT) ?? "";

/** A problem that the sidecar answered with. */
export class Problem extends Error {
  /** @param {number} status @param {string} detail */
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

/** The sidecar could not be reached. */
export class Lost extends Error {}

/** Takes the token out of the address (`/#token=…`), where others could see it. */
export function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given === null) return;
  setToken(given);
  history.replaceState(null, "", location.pathname + location.search);
}

/** @param {string} given */
export function setToken(given) {
  token = given;
  sessionStorage.setItem(KEPT, given);
}

/** True if a token was given. @returns {boolean} */
export function hasToken() {
  return token !== "";
}

/**
 * Returns the sidecar's answer as JSON.
 *
 * @param {string} path
 * @param {Readonly<Record<string, string | number | undefined>>} query
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 */
export async function get(path, query, signal) {
  const response = await ask(path + queryText(query), { signal: signal ?? null });
  return parse(await response.text());
}

/** Sends JSON, and returns the sidecar's answer. @param {string} path @param {unknown} body @returns {Promise<any>} */
export async function post(path, body) {
  const headers = { "content-type": "application/json" };
  const response = await ask(path, { method: "POST", body: JSON.stringify(body), headers });
  return parse(await response.text());
}

/**
 * Returns a query with its question mark; undefined entries are left out.
 *
 * @param {Readonly<Record<string, string | number | undefined>>} query
 * @returns {string}
 */
export function queryText(query) {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) params.set(name, String(value));
  }
  const text = params.toString();
  return text === "" ? "" : `?${text}`;
}

/**
 * Returns an answer that is not a problem.
 *
 * @param {string} path
 * @param {RequestInit & { headers?: Record<string, string> }} init
 * @returns {Promise<Response>}
 */
export async function ask(path, init) {
  const used = token;
  const headers = { ...init.headers, ...used !== "" && { authorization: `Bearer ${used}` } };
  const response = await fetch(path, { ...init, headers })
    .catch((cause) => {
      if (init.signal?.aborted) throw cause;
      throw new Lost("The sidecar cannot be reached", { cause });
    });
  if (response.ok) return response;
  // A late answer to an earlier token must not ask for the token again.
  if (response.status === 401 && used !== token) return ask(path, init);
  let detail = `${response.status} ${response.statusText}`;
  try {
    detail = (await response.json()).detail ?? detail;
  } catch {
    // Not the sidecar's own answer: its status is all there is to say.
  }
  throw new Problem(response.status, detail);
}
