import type { Context } from "hono";
import { stream } from "hono/streaming";
import { z } from "zod";
import { Buffer } from "node:buffer";
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { sleep as pause } from "../../core/runtime/poll.ts";
import { encodeJsonRow } from "../../core/values/json_row.ts";
import type { Env, ServerDeps } from "../deps.ts";
import type { FiguresClient } from "../figures/figures_client.ts";
import { checked, type Route } from "./route.ts";
import { KnownFacts } from "../figures/known_facts.ts";
import { Watcher } from "../figures/watcher.ts";

/** The maximum number of rows or claims in one event. */
const MAX_ITEMS = 100;
/** The maximum silence, in milliseconds: then a comment keeps the connection alive. */
const MAX_SILENCE_MS = 15_000;
/** The pause between two events on one connection, in milliseconds. */
const PAUSE_MS = 200;
/**
 * The size at which a stream ends; its client connects again and continues after the last event. Where a
 * server takes more than the client reads, that is the most it can hold.
 */
const MAX_STREAM_BYTES = 4 * 1024 * 1024;

/** The minimum time between two ticks, and the maximum time, in milliseconds. */
const TICK_INTERVAL_MS = 1000, MAX_TICK_INTERVAL_MS = 10_000;
/** The maximum wait for the first look at the store before the first tick, in milliseconds. */
const FIRST_TICK_MS = 100;

const eventsQuery = z.strictObject({
  rows: z.literal(["true", "false"]).exactOptional()
    .describe("True for events with the rows added, the runs under way and the failures."),
});

/** Returns the route of server-sent events: changes of the store. */
export function eventRoutes(deps: ServerDeps): Route[] {
  const known = new KnownFacts(deps.backend, deps.store, deps.now);
  const watcher = new Watcher(known, deps.figures);
  const instance = randomUUID().slice(0, 8);

  async function handle(c: Context<Env>): Promise<Response> {
    const withRows = checked(eventsQuery, c.req.query()).rows === "true";
    await watcher.join(withRows ? Infinity : FIRST_TICK_MS);
    c.header("content-type", "text/event-stream");
    c.header("x-accel-buffering", "no"); // a proxy that collects would hold events back
    // Not AbortSignal.any(): the sidecar's signal would keep one for each connection there ever was.
    const sources = [deps.closing, c.env.gone()];
    return stream(c, async (client) => {
      const ending = new AbortController();
      client.onAbort(() => ending.abort());
      const leave = (): void => client.abort();
      for (const source of sources) source.addEventListener("abort", leave);
      if (sources.some(({ aborted }) => aborted)) leave();
      try {
        const lastId = c.req.header("last-event-id");
        let size = 0;
        // Events are made when the client has room for them: of a slow one nothing is kept but its place.
        const texts = withRows
          ? events(deps.figures, watcher, instance, lastId, ending.signal)
          : ticks(deps.figures, watcher, ending.signal);
        for await (const text of texts) {
          await client.write(text);
          size += Buffer.byteLength(text);
          if (client.aborted || size >= MAX_STREAM_BYTES) break;
        }
      } finally {
        for (const source of sources) source.removeEventListener("abort", leave);
        watcher.leave();
      }
    }, async (error, { aborted }) => {
      if (!aborted) deps.warn(`[stet] ${error.message}`);
    });
  }

  return [{
    method: "get",
    path: "/v1/events",
    summary: "Changes of the store, as server-sent events: a small tick a second at most",
    query: eventsQuery,
    media: ["text/event-stream"],
    handle,
  }];
}

/**
 * Returns ticks as text: the mark and the counts of the store, a second after the last at the earliest, and again
 * after ten seconds, so that a client can tell a silent connection.
 */
async function* ticks(
  figures: FiguresClient,
  watcher: Watcher,
  ending: AbortSignal,
): AsyncGenerator<string> {
  let sent = "";
  let end = 0;
  yield "retry: 1000\n";
  while (!ending.aborted) {
    const { mark, failures, claims, reading, problem } = watcher.facts;
    const total = figures.count;
    const counts = { mark, total, failed: failures.length, running: claims.length };
    const data = JSON.stringify({ ...counts, reading, problem });
    if (data !== sent || performance.now() >= end) {
      sent = data;
      end = performance.now() + MAX_TICK_INTERVAL_MS;
      yield `event: tick\ndata: ${data}\n\n`;
      await pause(TICK_INTERVAL_MS, ending);
    } else {
      // While rows are copied nothing is polled, and the copy goes on.
      const wait = reading ? TICK_INTERVAL_MS : end - performance.now();
      await watcher.next(wait, ending);
    }
  }
}

/**
 * Returns the events of one client as text, as they happen; a comment after a long silence.
 *
 * @param lastId The last event that the client received on an earlier connection.
 */
async function* events(
  figures: FiguresClient,
  watcher: Watcher,
  instance: string,
  lastId: string | undefined,
  ending: AbortSignal,
): AsyncGenerator<string> {
  let { generation, count: position } = figures;
  /** The data of the last event of each name. */
  const sent = new Map([["problem", '"detail":null']]);

  function event(name: string, data: string): string {
    const id = `${instance}.${generation}.${position}`;
    return `event: ${name}\nid: ${id}\ndata: {${data}}\n\n`;
  }

  /** Returns an event if its data differs from the last of its name. */
  function state(name: string, data: string): string {
    if (sent.get(name) === data) return "";
    sent.set(name, data);
    return event(name, data);
  }

  async function rowsEvent(): Promise<string> {
    const { count } = figures;
    if (figures.generation !== generation) {
      generation = figures.generation;
      position = count;
      return event("reset", `"total":${count}`);
    }
    if (count === position) return "";
    const { count: added, rows } = await figures.ask("addedSince", position, MAX_ITEMS);
    if (figures.generation !== generation) return await rowsEvent(); // the rows are others
    position += added;
    return event("runs", `"added":${added},"total":${position},"rows":${rows}`);
  }

  async function news(): Promise<string> {
    const { claims, failures, problem } = watcher.facts;
    const running = claims.slice(0, MAX_ITEMS).map(({ params, holder }) =>
      `{"params":${encodeJsonRow(params)},"holder":${JSON.stringify(holder)}}`
    );
    const last = JSON.stringify(failures.at(-1)?.time ?? null);
    const attempts = failures.reduce((sum, { attempt }) => sum + attempt, 0);
    return await rowsEvent() +
      state("running", `"running":${claims.length},"claims":[${running.join(",")}]`) +
      state("failures", `"failed":${failures.length},"last":${last},"attempts":${attempts}`) +
      state("problem", `"detail":${JSON.stringify(problem)}`);
  }

  const [of, lastGeneration, lastPosition = ""] = lastId?.split(".") ?? [];
  const isKnown = of === instance && Number(lastGeneration) === generation &&
    /^[0-9]+$/.test(lastPosition) && Number(lastPosition) <= position;
  if (isKnown) position = Number(lastPosition);
  const first = isKnown
    ? ": again\n\n"
    : event(lastId === undefined ? "start" : "reset", `"total":${position}`);
  yield `retry: 1000\n${first}${await news()}`;
  while (!ending.aborted) {
    await sleep(PAUSE_MS, undefined, { ref: false });
    let text = "";
    const end = performance.now() + MAX_SILENCE_MS;
    for (let left = MAX_SILENCE_MS; text === "" && left > 0; left = end - performance.now()) {
      if (ending.aborted) return;
      text = await news();
      if (text === "") await watcher.next(left, ending);
    }
    yield text || ": still here\n\n";
  }
}
