/** The thread that has the mirror: answers requests one after another. */
import { parentPort, workerData } from "node:worker_threads";
import type { Factor } from "../../core/grids/factor.ts";
import { gridOf } from "../../core/grids/grid.ts";
import { GridDone } from "./grid_done.ts";
import { Mirror } from "./mirror.ts";
import { type MirrorRequests, mirrorRequests } from "./mirror_requests.ts";

/** The URL of this module, whatever it was compiled to. */
export const mirrorThread: string = import.meta.url;

/** What the thread is started with. */
export interface MirrorStart {
  /** What messages call the store. */
  readonly location: string;
  /** The grid whose combinations are wanted. */
  readonly factors: readonly Factor[] | undefined;
}

/** A request to the thread. */
export interface Question {
  readonly id: number;
  readonly name: keyof MirrorRequests;
  readonly args: readonly unknown[];
}

/** An answer of the thread. */
export type Answer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: ThrownError };

/** An error as it is sent: threads keep no class of their own. */
export interface ThrownError {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
}

/** Opens a mirror; returns what answers requests with it, and what closes it. */
export function openMirror(
  { location, factors }: MirrorStart,
): { readonly requests: MirrorRequests; close(): void } {
  const mirror = new Mirror(location);
  const grid = factors && new GridDone(gridOf(factors));
  return { requests: mirrorRequests(mirror, grid), close: () => mirror.close() };
}

/** The property of `workerData` that a thread of this kind is started with. */
export const START = "stetMirror";

const start = (workerData as Record<string, MirrorStart> | null)?.[START];
if (parentPort && start) {
  const port = parentPort;
  const { requests } = openMirror(start);
  port.on("message", ({ id, name, args }: Question) => {
    let answer: Answer;
    try {
      answer = { id, value: (requests[name] as (...args: readonly unknown[]) => unknown)(...args) };
    } catch (error) {
      const { name, message, stack = "" } = error as Error;
      answer = { id, error: { name, message, stack } };
    }
    port.postMessage(answer);
  });
  port.postMessage("ready");
}
