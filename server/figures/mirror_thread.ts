/** The thread of the mirror: answers requests one after another. */
import { parentPort, workerData } from "node:worker_threads";
import { type Factor, gridOf } from "../../core/grids/grid.ts";
import { type MirrorRequests, openMirror } from "./mirror_requests.ts";

/** The URL of this module, whatever it was compiled to. */
export const mirrorThread: string = import.meta.url;

/** The data that a thread starts with: the store's name in messages, and the factors of the grid wanted. */
export interface MirrorStart {
  readonly location: string;
  readonly factors: readonly Factor[] | undefined;
}

/** A request to the thread. */
export interface Question {
  readonly id: number;
  readonly name: keyof MirrorRequests;
  readonly args: readonly unknown[];
}

/** An answer of the thread. An error is sent by its parts: threads keep no class of their own. */
export interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: { readonly name: string; readonly message: string; readonly stack: string };
}

/** Opens the mirror that a start describes; returns the function that answers its requests. */
export function answererOf(
  { location, factors }: MirrorStart,
): (name: keyof MirrorRequests, args: readonly unknown[]) => unknown {
  const requests = openMirror(location, factors && gridOf(factors));
  return (name, args) => (requests[name] as (...args: readonly unknown[]) => unknown)(...args);
}

/** The property of `workerData` that a thread of this kind is started with. */
export const START = "stetMirror";

const start = (workerData as Record<string, MirrorStart> | null)?.[START];
if (parentPort && start) {
  const port = parentPort;
  const answer = answererOf(start);
  port.on("message", ({ id, name, args }: Question) => {
    try {
      port.postMessage({ id, value: answer(name, args) } satisfies Answer);
    } catch (error) {
      const { name, message, stack = "" } = error as Error;
      port.postMessage({ id, error: { name, message, stack } } satisfies Answer);
    }
  });
  port.postMessage("ready");
}
