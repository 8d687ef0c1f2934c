import type { Context } from "hono";
import { Buffer } from "node:buffer";
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { encodeJsonRow } from "../../core/values/json_row.ts";
import { keyParams } from "../../core/keys/key.ts";
import type { Env, ServerDeps } from "../deps.ts";
import type { MirrorClient } from "../figures/mirror_client.ts";
import type { Route } from "./route.ts";
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

/** Returns the route of server-sent events: changes of the store. */
export function eventRoutes(deps: ServerDeps): Route[] {
  const watcher = new Watcher(deps.backend, deps.mirror);
  const instance = randomUUID().slice(0, 8);

  async function handle(c: Context<Env>): Promise<Response> {
    await watcher.join();
    const events = new Events(deps.mirror, watcher, instance, c.req.header("last-event-id"));
    const left = new AbortController();
    const ending = left.signal;
    // Not AbortSignal.any(): the sidecar's signal would keep one for each connection there ever was.
    const sources = [deps.closing, c.env.gone()];
    const leave = (): void => {
      if (ending.aborted) return;
      left.abort();
      watcher.leave();
      for (const source of sources) source.removeEventListener("abort", leave);
    };
    for (const source of sources) source.addEventListener("abort", leave);
    if (sources.some(({ aborted }) => aborted)) leave();
    let size = 0;
    // Events are made when the client has room for them: of a slow one nothing is kept but its place.
    const body = new ReadableStream<Uint8Array>({
      async pull(controller): Promise<void> {
        const bytes = Buffer.from(await events.next(ending));
        if (ending.aborted) return controller.close();
        controller.enqueue(bytes);
        size += bytes.length;
        if (size < MAX_STREAM_BYTES) return;
        leave();
        controller.close();
      },
      cancel: leave,
    }, { highWaterMark: 0 });
    return new Response(body, {
      headers: {
        "content-type": "text/event-stream",
        "x-accel-buffering": "no", // a proxy that collects would hold events back
      },
    });
  }

  return [{
    method: "get",
    path: "/v1/events",
    summary: "Changes of the store, as server-sent events",
    media: ["text/event-stream"],
    handle,
  }];
}

/** The events of one client. */
class Events {
  readonly #mirror: MirrorClient;
  readonly #watcher: Watcher;
  readonly #instance: string;
  /** The data of the last event of each name. */
  readonly #sent = new Map([["problem", '"detail":null']]);
  #generation: number;
  #position: number;
  #first: string;

  /** @param lastId The last event that the client received on an earlier connection. */
  constructor(
    mirror: MirrorClient,
    watcher: Watcher,
    instance: string,
    lastId: string | undefined,
  ) {
    this.#mirror = mirror;
    this.#watcher = watcher;
    this.#instance = instance;
    this.#generation = mirror.generation;
    this.#position = mirror.count;
    const [of, generation, position = ""] = lastId?.split(".") ?? [];
    if (
      of === instance && Number(generation) === mirror.generation &&
      /^[0-9]+$/.test(position) && Number(position) <= mirror.count
    ) {
      this.#position = Number(position);
      this.#first = ": again\n\n";
    } else {
      this.#first = this.#event(
        lastId === undefined ? "start" : "reset",
        `"total":${mirror.count}`,
      );
    }
  }

  /** Returns the next events as text, once there are some; a comment after a long silence. */
  async next(ending: AbortSignal): Promise<string> {
    if (this.#first !== "") {
      const text = `retry: 1000\n${this.#first}${await this.#news()}`;
      this.#first = "";
      return text;
    }
    await sleep(PAUSE_MS, undefined, { ref: false });
    const end = performance.now() + MAX_SILENCE_MS;
    for (;;) {
      if (ending.aborted) return "";
      const news = await this.#news();
      if (news !== "") return news;
      const left = end - performance.now();
      if (left <= 0) return ": still here\n\n";
      await this.#watcher.next(left, ending);
    }
  }

  async #news(): Promise<string> {
    const { claims, failures, problem } = this.#watcher.state;
    const running = claims.slice(0, MAX_ITEMS).map(({ key, holder }) =>
      `{"params":${encodeJsonRow(keyParams(key))},"holder":${JSON.stringify(holder)}}`
    );
    const last = JSON.stringify(failures.at(-1)?.time ?? null);
    const attempts = failures.reduce((sum, { attempt }) => sum + attempt, 0);
    return await this.#rows() +
      this.#state("running", `"running":${claims.length},"claims":[${running.join(",")}]`) +
      this.#state("failures", `"failed":${failures.length},"last":${last},"attempts":${attempts}`) +
      this.#state("problem", `"detail":${JSON.stringify(problem ?? null)}`);
  }

  async #rows(): Promise<string> {
    const { generation, count } = this.#mirror;
    if (generation !== this.#generation) {
      this.#generation = generation;
      this.#position = count;
      return this.#event("reset", `"total":${count}`);
    }
    if (count === this.#position) return "";
    const { count: added, rows } = await this.#mirror.ask("addedSince", this.#position, MAX_ITEMS);
    if (this.#mirror.generation !== generation) return await this.#rows(); // the rows are others
    this.#position += added;
    return this.#event("runs", `"added":${added},"total":${this.#position},"rows":${rows}`);
  }

  /** Returns an event if its data differs from the last of its name. */
  #state(name: string, data: string): string {
    if (this.#sent.get(name) === data) return "";
    this.#sent.set(name, data);
    return this.#event(name, data);
  }

  #event(name: string, data: string): string {
    const id = `${this.#instance}.${this.#generation}.${this.#position}`;
    return `event: ${name}\nid: ${id}\ndata: {${data}}\n\n`;
  }
}
