import { isErrorLike, messageOf, stackOf } from "../../core/errors.ts";
import type { Row } from "../../core/values/value.ts";
import type { BossJob } from "../../packages/pg_boss.ts";
import {
  decodeRun,
  type JobData,
  keysIn,
  type ReceivedRun,
  runName,
  type SentFailure,
} from "./chunk.ts";

/** Maximum length of the message and of the stack of a failure in the output of a job. */
const MAX_TEXT = 2_000;

/** The chunk of a job, as a worker runs it: which of its runs were begun, and which failed. */
export class ReceivedChunk {
  readonly runs: readonly ReceivedRun[];
  readonly failed: SentFailure[] = [];
  readonly #data: JobData;
  /** Numbers of the runs by name. */
  readonly #numbers = new Map<string, number>();
  /** Numbers of the runs that have begun, or need not. */
  readonly #settled = new Set<number>();
  #took = 0;
  #attempts = 0;

  /** @param nameOf Returns the params of an item. */
  constructor({ data }: BossJob, paramsOf: (item: unknown) => Row) {
    this.#data = data as JobData;
    this.runs = this.#data.runs.map(decodeRun);
    for (const [i, { item }] of this.runs.entries()) {
      this.#numbers.set(runName(paramsOf(item)), i);
    }
  }

  get attempts(): JobData["attempts"] {
    return this.#data.attempts;
  }

  /** Notes that a run begins, and returns its params as they were written, if they differ. */
  begin(params: Row): Row | undefined {
    const number = this.#numbers.get(runName(params));
    if (number === undefined) return undefined;
    this.#settled.add(number);
    return this.runs[number]!.spelled;
  }

  /** Notes that a run need not begin: another has done it. */
  skip(params: Row): void {
    const number = this.#numbers.get(runName(params));
    if (number !== undefined) this.#settled.add(number);
  }

  /** Notes how long an attempt took, in seconds. */
  took(seconds: number): void {
    this.#took += seconds;
    this.#attempts++;
  }

  /** Mean duration of an attempt, in seconds. Undefined if there was none. */
  get seconds(): number | undefined {
    return this.#attempts === 0 ? undefined : this.#took / this.#attempts;
  }

  /** Notes that a run has failed. */
  fail(params: Row, error: unknown): void {
    this.failed.push({
      run: runName(params),
      name: isErrorLike(error) ? String(error.name) : "Error",
      message: messageOf(error).slice(0, MAX_TEXT),
      stack: stackOf(error).slice(0, MAX_TEXT),
    });
  }

  /** Number of runs that were neither begun nor skipped. */
  get left(): number {
    return this.runs.length - this.#settled.size;
  }

  /** Returns the runs that were neither begun nor skipped, in chunks of a size. */
  rest(size: number): JobData[] {
    const keys = keysIn(this.#data.keys);
    const left = this.runs.map((_, i) => i).filter((i) => !this.#settled.has(i));
    const parts: JobData[] = [];
    for (let at = 0; at < left.length; at += size) {
      const part = left.slice(at, at + size);
      parts.push({
        ...this.#data,
        keys: part.map((i) => keys[i]).join(""),
        runs: part.map((i) => this.#data.runs[i]!),
      });
    }
    return parts;
  }
}
