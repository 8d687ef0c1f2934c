import type { Context } from "hono";
import { Buffer } from "node:buffer";
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { encodeJsonRow } from "../../core/values/json_row.ts";
import { keyParams } from "../../core/keys/key_params.ts";
import type { Env, ServerDeps } from "../deps.ts";
import type { MirrorClient } from "../figures/mirror_client.ts";
import type { Route } from "./route.ts";
import { Watcher } from "../figures/watcher.ts";

/** The most rows, claims or failures in one event. */
const MOST = 100;
/** The longest silence, in milliseconds: then a comment tells that the connection lives. */
const SILENCE = 15_000;
/** Between two events on one connection, in milliseconds. */
const PAUSE = 200;
/**
 * After so many bytes a stream ends; who listens connects again and goes on from the last event. Where a
 * server takes more than the client reads, that is the most it can hold.
 */
const MOST_BYTES = 4 * 1024 * 1024;

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
        if (size < MOST_BYTES) return;
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

/** What one client is still to be told. */
class Events {
  readonly #mirror: MirrorClient;
  readonly #watcher: Watcher;
  readonly #instance: string;
  readonly #told = new Map<string, string>();
  #generation: number;
  #place: number;
  #first: string;

  /** @param lastId The last event that the client heard on an earlier connection. */
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
    this.#place = mirror.count;
    this.#first = this.#event("start", `"total":${mirror.count}`);
    if (lastId === undefined) return;
    const [of, generation, place] = lastId.split(".");
    const isKnown = of === instance && Number(generation) === mirror.generation &&
      /^[0-9]+$/.test(place ?? "") && Number(place) <= mirror.count;
    if (isKnown) this.#place = Number(place);
    this.#first = isKnown ? ": again\n\n" : this.#event("reset", `"total":${mirror.count}`);
  }

  /** The next events as text, once there are some; a comment after a long silence. */
  async next(ending: AbortSignal): Promise<string> {
    if (this.#first !== "") {
      const text = `retry: 1000\n${this.#first}${await this.#news()}`;
      this.#first = "";
      return text;
    }
    await sleep(PAUSE, undefined, { ref: false });
    const end = performance.now() + SILENCE;
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
    return await this.#rows() +
      this.#state(
        "running",
        () =>
          `"running":${claims.length},"claims":[${
            claims.slice(0, MOST).map(({ key, holder }) =>
              `{"params":${encodeJsonRow(keyParams(key))},"holder":${JSON.stringify(holder)}}`
            ).join(",")
          }]`,
      ) +
      this.#state("failures", () => {
        const last = failures.at(-1);
        return `"failed":${failures.length},"last":${JSON.stringify(last?.time ?? null)},` +
          `"attempts":${failures.reduce((sum, { attempt }) => sum + attempt, 0)}`;
      }) +
      this.#state("problem", () => `"detail":${JSON.stringify(problem ?? null)}`, '"detail":null');
  }

  async #rows(): Promise<string> {
    const { generation, count } = this.#mirror;
    if (generation !== this.#generation) {
      this.#generation = generation;
      this.#place = count;
      return this.#event("reset", `"total":${count}`);
    }
    if (count === this.#place) return "";
    const { count: added, rows } = await this.#mirror.ask("addedSince", this.#place, MOST);
    if (this.#mirror.generation !== generation) return await this.#rows(); // the rows are others
    this.#place += added;
    return this.#event("runs", `"added":${added},"total":${this.#place},"rows":${rows}`);
  }

  /** An event if it is another than the last of its name. */
  #state(name: string, make: () => string, atFirst?: string): string {
    const data = make();
    if ((this.#told.get(name) ?? atFirst) === data) return "";
    this.#told.set(name, data);
    return this.#event(name, data);
  }

  #event(name: string, data: string): string {
    const id = `${this.#instance}.${this.#generation}.${this.#place}`;
    return `event: ${name}\nid: ${id}\ndata: {${data}}\n\n`;
  }
}
