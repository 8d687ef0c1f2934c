import type { HeldClaim } from "./held_claim.ts";
import { keyOf } from "../keys/key.ts";
import type { Outcome } from "./once_types.ts";
import { andThen, type MaybePromise } from "../runtime/maybe_promise.ts";
import { poll } from "../runtime/poll.ts";
import type { Execute, Executed, Plan, RunJob, Target } from "./target.ts";
import type { Row } from "../values/value.ts";

/** Outcome of a run that is over. */
export type Ended = Exclude<Outcome<unknown>, { readonly status: "busy" }>;

/** The answer to one attempt at a run. A busy key without a holder had a row that was removed just now. */
export type Attempt =
  | Ended
  | { readonly status: "busy"; readonly holder?: string }
  | { readonly status: "aborted" };

/** Options of {@linkcode attemptRun}. */
export interface AttemptOptions {
  /** True to run though there is a row. */
  readonly isForced?: boolean;
  /** Time (ISO 8601) since when a failure that another process noted counts as that of this run. */
  readonly failedSince?: string | undefined;
  /** Aborts a run that has not begun. */
  readonly signal?: AbortSignal;
}

/**
 * Attempts a run, without waiting: claims its key, executes it, records the row or notes the failure, and
 * ends the claim.
 */
export async function attemptRun<P extends Plan>(
  target: Target<P>,
  asked: P,
  execute: Execute,
  { isForced = false, failedSince, signal }: AttemptOptions = {},
): Promise<Attempt> {
  const plan = target.resolve ? await target.resolve(asked) : asked;
  const answer = await target.claim(plan, async (claim) => {
    if (signal?.aborted) return undefined;
    const error = failedSince && await failureSince(target, plan, failedSince);
    if (error) return { status: "failed", params: target.params(plan), error } as const;
    return await target.run(plan, claim, execute);
  }, isForced);
  if (answer.state === "claimed") return answer.result ?? { status: "aborted" };
  if (answer.state === "busy") return { status: "busy", holder: answer.holder };
  const row = await target.look(plan, true);
  return row ? target.skipped(plan, row) : { status: "busy" };
}

async function failureSince(
  { engine }: Target,
  { key }: Plan,
  time: string,
): Promise<Error | undefined> {
  const failure = (await engine.failures()).find((it) =>
    it.time >= time && keyOf(key.shape, it.params).text === key.text
  );
  return failure && Object.assign(new Error(failure.error), { stack: failure.stack });
}

/** Executes a job in this thread, in one attempt. */
async function executeHere({ call }: RunJob): Promise<Executed> {
  const start = performance.now();
  try {
    const value = await call();
    return { status: "done", value, seconds: (performance.now() - start) / 1000 };
  } catch (error) {
    return { status: "failed", error, attempts: 1 };
  }
}

/** Claims a run, waiting while it is busy, and returns the result of the body; undefined if it is done. */
export async function claimWaiting<P extends Plan, T>(
  target: Target<P>,
  plan: P,
  body: (claim: HeldClaim) => Promise<T>,
  isForced = false,
): Promise<{ readonly result: T } | undefined> {
  const attempt = async () => {
    const answer = await target.claim(plan, body, isForced);
    return answer.state === "busy" ? undefined : answer;
  };
  const answer = await attempt() ?? (await poll(attempt))!;
  return answer.state === "claimed" ? answer : undefined;
}

/**
 * Runs each key of a target once: look → claim → execute → record or fail → end of the claim. Calls of this
 * process with the same key at the same time share one run.
 */
export class KeyRunner<P extends Plan> {
  readonly #target: Target<P>;
  readonly #onBusy: "skip" | "wait";
  readonly #onSkip: ((outcome: Outcome<unknown>, holder?: string) => void) | undefined;
  /** Runs under way, by the text of their key. */
  readonly #running = new Map<string, Promise<Outcome<unknown>>>();

  /**
   * @param onBusy What to do while another process runs the same key.
   * @param onSkip Receives outcomes of calls that did not run, and the holder of a busy key.
   */
  constructor(
    target: Target<P>,
    onBusy: "skip" | "wait",
    onSkip?: (outcome: Outcome<unknown>, holder?: string) => void,
  ) {
    this.#target = target;
    this.#onBusy = onBusy;
    this.#onSkip = onSkip;
  }

  /** Runs or skips: at once if the store knows the row at once. */
  run(plan: P): MaybePromise<Outcome<unknown>> {
    return this.#shared(plan) ??
      andThen(
        this.#target.look(plan, true, true),
        (row) => row ? this.#skip(plan, row) : this.#begin(plan),
      );
  }

  /** Runs though there is a row. Waits while another process runs the key. */
  rerun(plan: P): Promise<Outcome<unknown>> {
    return this.#runWaiting(plan, true);
  }

  /** Resolves when the runs under way have ended. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running.values());
  }

  #shared(plan: P): Promise<Outcome<unknown>> | undefined {
    return this.#running.get(plan.key.text)?.then((outcome) => {
      this.#target.checkShared(plan, outcome);
      return outcome;
    });
  }

  #begin(plan: P): Promise<Outcome<unknown>> {
    const shared = this.#shared(plan); // another call may have begun while this one looked
    if (shared) return shared;
    const { text } = plan.key;
    const run = this.#runWaiting(plan, false).finally(() => this.#running.delete(text));
    this.#running.set(text, run);
    return run;
  }

  async #runWaiting(plan: P, isForced: boolean): Promise<Outcome<unknown>> {
    const attempt = () => this.#attempt(plan, isForced);
    return await attempt() ?? (await poll(attempt))!;
  }

  async #attempt(plan: P, isForced: boolean): Promise<Outcome<unknown> | undefined> {
    const end = await attemptRun(this.#target, plan, executeHere, { isForced });
    if (end.status === "skipped") this.#onSkip?.(end);
    if (end.status !== "busy") return end.status === "aborted" ? undefined : end;
    if (this.#onBusy === "wait" || end.holder === undefined) return undefined;
    const outcome = { status: "busy", params: this.#target.params(plan) } as const;
    this.#onSkip?.(outcome, end.holder);
    return outcome;
  }

  #skip(plan: P, row: Row): Outcome<unknown> {
    const outcome = this.#target.skipped(plan, row);
    this.#onSkip?.(outcome);
    return outcome;
  }
}
