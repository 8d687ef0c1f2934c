import { ask, Problem } from "./api.js";
import { parse } from "./parse.js";

/** The silence after which what is shown counts as old, in milliseconds. The sidecar is silent for 15 s at most. */
const MAX_SILENCE_MS = 20_000;
const MAX_PAUSE_MS = 5000;
const NAME = "stet-events";

/** @typedef {"connecting" | "live" | "stale" | "lost" | "denied"} LiveState */

/**
 * Listens to the sidecar's events while the window is visible. All windows of a browser share one stream: the
 * holder of a lock reads it, and sends what it reads to the others.
 *
 * @param {(name: string, data: any) => void} onEvent
 * @param {(state: LiveState, error?: unknown) => void} onState
 * @returns {{ join(): void }} `join` connects again, with another token.
 */
export function startLive(onEvent, onState) {
  const channel = new BroadcastChannel(NAME);
  /** @type {LiveState} */
  let state = "connecting";
  let heard = Date.now();
  /** Ends this window's part in the stream. @type {AbortController | undefined} */
  let joined;
  /** Ends one connection. @type {AbortController | undefined} */
  let connection;

  /** @param {LiveState} next @param {unknown} [error] */
  function show(next, error) {
    if (next === state && next !== "denied") return;
    state = next;
    onState(next, error);
  }

  /** @param {{ state: LiveState, name?: string, data?: any }} message */
  function hear(message) {
    heard = Date.now();
    show(message.state);
    if (message.name !== undefined) onEvent(message.name, message.data);
  }

  /** @param {{ state: LiveState, name?: string, data?: any }} message */
  function tell(message) {
    channel.postMessage(message);
    hear(message);
  }

  /** @param {AbortSignal} signal */
  async function lead(signal) {
    let pause = 500;
    while (!signal.aborted) {
      connection = new AbortController();
      try {
        const headers = { accept: "text/event-stream" };
        const response = await ask("/v1/events", {
          headers,
          signal: AbortSignal.any([signal, connection.signal]),
        });
        pause = 500;
        tell({ state: "live" });
        for await (const { name, data } of eventsOf(response)) {
          if (name === "") tell({ state: "live" });
          else tell({ state: "live", name, data: parse(data) });
        }
        pause = 50; // the stream was ended in good order
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof Problem && error.status === 401) {
          leave();
          return show("denied", error);
        }
        if (!connection.signal.aborted) tell({ state: "lost" });
      }
      await new Promise((resolve) => setTimeout(resolve, pause));
      pause = Math.min(pause * 2, MAX_PAUSE_MS);
    }
  }

  function join() {
    leave();
    if (document.hidden) return;
    heard = Date.now();
    joined = new AbortController();
    const { signal } = joined;
    if (!navigator.locks) return void lead(signal); // only pages of this machine and of https have locks
    navigator.locks.request(NAME, { signal }, () => lead(signal)).catch((error) => {
      if (!signal.aborted) throw error;
    });
    channel.postMessage("who leads?");
  }

  function leave() {
    joined?.abort();
    joined = undefined;
    connection = undefined;
  }

  channel.addEventListener("message", ({ data }) => {
    if (data !== "who leads?") hear(data);
    else if (connection) channel.postMessage({ state });
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return leave();
    join();
    onEvent("seen", {});
  });
  setInterval(() => {
    if (!joined || Date.now() - heard < MAX_SILENCE_MS) return;
    heard = Date.now();
    if (state === "live" || state === "connecting") show("stale");
    connection?.abort();
  }, 1000);
  join();
  return { join };
}

/**
 * Returns the events of a stream; one without a name for each sign of life.
 *
 * @param {Response} response
 * @returns {AsyncGenerator<{ name: string, data: string }>}
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
      const event = { name: "", data: "" };
      for (const line of block.split("\n")) {
        if (line.startsWith("event: ")) event.name = line.slice(7);
        else if (line.startsWith("data: ")) event.data += line.slice(6);
      }
      yield event;
    }
  }
}
