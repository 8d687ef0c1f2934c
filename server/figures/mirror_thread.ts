/** The thread of the mirror: answers requests one after another. */
import { parentPort, workerData } from "node:worker_threads";
import type { Factor } from "../../core/grids/factor.ts";
import { gridOf } from "../../core/grids/grid.ts";
import { type MirrorRequests, openMirror } from "./mirror_requests.ts";

/** The URL of this module, whatever it was compiled to. */
export const mirrorThread: string = import.meta.url;

/** The data that a thread starts with. */
export interface MirrorStart {
  /** The store's name in messages. */
  readonly location: string;
  /** The factors of the grid whose combinations are wanted. */
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

/** Opens the mirror that a start describes. */
export function startMirror({ location, factors }: MirrorStart): MirrorRequests {
  return openMirror(location, factors && gridOf(factors));
}

/** Answers a request. */
export function answerOf(
  requests: MirrorRequests,
  { name, args }: Pick<Question, "name" | "args">,
): unknown {
  return (requests[name] as (...args: readonly unknown[]) => unknown)(...args);
}

/** The property of `workerData` that a thread of this kind is started with. */
export const START = "stetMirror";

const start = (workerData as Record<string, MirrorStart> | null)?.[START];
if (parentPort && start) {
  const port = parentPort;
  const requests = startMirror(start);
  port.on("message", (question: Question) => {
    const { id } = question;
    let answer: Answer;
    try {
      answer = { id, value: answerOf(requests, question) };
    } catch (error) {
      const { name, message, stack = "" } = error as Error;
      answer = { id, error: { name, message, stack } };
    }
    port.postMessage(answer);
  });
  port.postMessage("ready");
}
