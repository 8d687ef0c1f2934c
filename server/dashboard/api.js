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
 * What the sidecar answers.
 *
 * @param {string} path
 * @param {Readonly<Record<string, string | number | undefined>>} [query] Empty entries are left out.
 * @returns {Promise<any>}
 */
export async function get(path, query = {}) {
  const response = await ask(path + queryText(query), {});
  return parse(await response.text());
}

/**
 * @param {Readonly<Record<string, string | number | undefined>>} query
 * @returns {string}
 */
export function queryText(query) {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== "") params.set(name, String(value));
  }
  const text = params.toString();
  return text === "" ? "" : `?${text}`;
}

/**
 * @param {string} path
 * @param {Record<string, string>} headers
 * @returns {Promise<Response>}
 */
async function ask(path, headers) {
  const used = token;
  const sent = used === "" ? headers : { ...headers, authorization: `Bearer ${used}` };
  const response = await fetch(path, { headers: sent })
    .catch((cause) => {
      throw new Lost("The sidecar cannot be reached", { cause });
    });
  if (response.ok) return response;
  // A late answer to an earlier token must not ask for the token again.
  if (response.status === 401 && used !== token) return ask(path, headers);
  let detail = `${response.status} ${response.statusText}`;
  try {
    detail = (await response.json()).detail ?? detail;
  } catch {
    // Not the sidecar's own answer: its status is all there is to say.
  }
  throw new Problem(response.status, detail);
}

/**
 * JSON with the digits of integers that a double does not hold, as text, where the browser gives them.
 *
 * @param {string} text
 * @returns {any}
 */
function parse(text) {
  return JSON.parse(
    text,
    /** @type {any} */ (
      /** @param {string} _ @param {unknown} value @param {{ source?: string }} [context] */
      (_, value, context) =>
        typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value)
          ? context?.source ?? value
          : value
    ),
  );
}

/**
 * Listens to the sidecar's events for as long as the page is there, and connects again when the connection
 * is lost. (`EventSource` cannot send a token.)
 *
 * @param {(name: string, data: any) => void} onEvent
 * @param {(state: "live" | "lost", error?: unknown) => void} onState
 * @returns {Promise<never>}
 */
export async function listen(onEvent, onState) {
  let lastId = "";
  let pause = 500;
  for (;;) {
    try {
      const headers = {
        accept: "text/event-stream",
        ...lastId !== "" && { "last-event-id": lastId },
      };
      const response = await ask("/v1/events?rows=true", headers);
      onState("live");
      pause = 500;
      for await (const { id, name, data } of eventsOf(response)) {
        if (id !== undefined) lastId = id;
        if (name !== "") onEvent(name, parse(data));
      }
      pause = 50; // the stream was ended in good order: it goes on in the next
    } catch (error) {
      onState("lost", error);
      if (error instanceof Problem && error.status === 401) await answered();
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
    pause = Math.min(pause * 2, 5000);
  }
}

/** Resolves once another token is given. @returns {Promise<void>} */
async function answered() {
  const before = token;
  while (token === before) await new Promise((resolve) => setTimeout(resolve, 200));
}

/**
 * @param {Response} response
 * @returns {AsyncGenerator<{ id: string | undefined, name: string, data: string }>}
 */
async function* eventsOf(response) {
  if (!response.body) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value;
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      /** @type {{ id: string | undefined, name: string, data: string }} */
      const event = { id: undefined, name: "", data: "" };
      for (const line of block.split("\n")) {
        if (line.startsWith("id: ")) event.id = line.slice(4);
        else if (line.startsWith("event: ")) event.name = line.slice(7);
        else if (line.startsWith("data: ")) event.data += line.slice(6);
      }
      yield event;
    }
  }
}
