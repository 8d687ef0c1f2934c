import { createHash } from "node:crypto";
import type { AttemptLimits } from "../../core/runs/dispatcher.ts";
import type { Fingerprint } from "../../core/keys/fingerprint.ts";
import { canonicalJson, parseJson } from "../../core/values/json.ts";
import type { Row, Value } from "../../core/values/value.ts";
import { decodeItem } from "./encode_item.ts";

/** Version of the data of jobs. Workers and coordinators of another one refuse them. */
export const JOB_VERSION = 2;

/** Number of characters of a key in {@linkcode JobData.keys}. */
export const KEY_LENGTH = 24;

/** The data of a job: some runs of one function. */
export interface JobData {
  readonly version: number;
  /** Source of the function's rows, as the coordinator knows it; empty if it does not. */
  readonly source: string;
  /** True if results are saved, whatever the options of the worker say. */
  readonly save: boolean;
  /** Fingerprints of the runs in hexadecimal digits, one after the other. */
  readonly keys: string;
  /** JSON of a {@linkcode SentRun} for each run. */
  readonly runs: readonly string[];
  readonly attempts: Omit<AttemptLimits, "retryDelay"> & { readonly retryDelay?: number };
}

/** A run of a job: its item, and its params as they were written, for a command. */
export interface ReceivedRun {
  readonly item: unknown;
  readonly spelled: Row | undefined;
}

/** The output of a job that a worker has ended. */
export interface JobOutput {
  /** Name of the worker. */
  readonly worker: string;
  /** Number of runs that it executed with success. */
  readonly ran: number;
  /** Mean duration of a run, in seconds. Undefined if there was none. */
  readonly seconds?: number;
  /** The runs that failed for good. */
  readonly failed: readonly SentFailure[];
  /** Jobs with the runs that it did not begin. */
  readonly rest: readonly RestJob[];
}

/** A failed run of a job. */
export interface SentFailure {
  /** {@linkcode runName} of its params. */
  readonly run: string;
  readonly name: string;
  readonly message: string;
  readonly stack: string;
}

/** A job with runs of another job. */
export interface RestJob {
  readonly id: string;
  /** The keys of its runs, as in {@linkcode JobData.keys}. */
  readonly keys: string;
}

/** Returns the JSON of a run. */
export function encodeRun(item: Value, spelled: Row | undefined): string {
  return canonicalJson(spelled ? { item, spelled } : { item });
}

export function decodeRun(text: string): ReceivedRun {
  const { item, spelled } = parseJson(text) as { item: Value; spelled?: Row };
  return { item: decodeItem(item), spelled };
}

/** Returns the key of a run in {@linkcode JobData.keys}. */
export function keyText({ a, b, c }: Fingerprint): string {
  return [a, b, c].map((lane) => (lane >>> 0).toString(16).padStart(8, "0")).join("");
}

/** Returns the keys in {@linkcode JobData.keys}. */
export function keysIn(keys: string): string[] {
  return Array.from(
    { length: keys.length / KEY_LENGTH },
    (_, i) => keys.slice(i * KEY_LENGTH, (i + 1) * KEY_LENGTH),
  );
}

/** Returns the fingerprint that a key in {@linkcode JobData.keys} has. */
export function fingerprintAt(keys: string, number: number): Pick<Fingerprint, "a" | "b" | "c"> {
  const at = number * KEY_LENGTH;
  const lane = (i: number): number => parseInt(keys.slice(at + 8 * i, at + 8 * i + 8), 16) | 0;
  return { a: lane(0), b: lane(1), c: lane(2) };
}

/** Returns the name by which a worker's output mentions a run. */
export function runName({ resultFile: _, ...params }: Row): string {
  return canonicalJson(params);
}

/**
 * Returns the id of the job with these keys: always the same, so that it cannot wait twice.
 *
 * @param origin Name of the queue, or id of the job that they were in.
 */
export function jobId(origin: string, keys: string): string {
  const hex = createHash("sha256").update(`${origin} ${keys}`).digest("hex");
  return hex.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
