import { counted } from "../../core/display/counted.ts";
import process from "node:process";
import { closeAfter } from "../../core/runtime/close_after.ts";
import { yielding } from "../../core/runtime/yield_timer.ts";
import { keyOf, type KeyShape } from "../../core/keys/key.ts";
import { FingerprintSet } from "../../core/keys/fingerprint_set.ts";
import { fingerprintOf } from "../../core/runs/fingerprint_of.ts";
import { PermanentFailures } from "../../core/runs/permanent_failures.ts";
import { type Plan, type Target, targetOf } from "../../core/runs/target.ts";
import { type Items, shardItems } from "../../core/sweeps/shard.ts";
import type { Output } from "../command.ts";
import { pairsText } from "../grids/pairs_text.ts";
import { durationText } from "../../core/display/duration_text.ts";
import { asUsageError } from "../usage_error.ts";
import { shortList } from "../terminal/short_list.ts";
import { newestDurations } from "./newest_durations.ts";
import type { Task } from "./task.ts";

/** Number of keys that are looked up at once. */
const BATCH = 1000;

/**
 * Prints the params of the runs that a sweep would run, the first and the last ones on a terminal, and how long
 * they will take by the newest runs of the store. Runs and records nothing.
 *
 * @throws {UsageError} If nothing could run at all.
 */
export async function dryRun(task: Task, output: Output): Promise<void> {
  const target = targetOf(task.swept)!;
  const end = await target.begin();
  await closeAfter(async () => {
    const list = process.stdout.isTTY ? shortList(output.log) : { add: output.log, end() {} };
    const counts = await listRuns(target, task, list.add).catch((error) => {
      throw asUsageError(error);
    });
    list.end();
    const { missing, again, done, busy, failed } = counts;
    const before = again > 0 ? ` (${again} of them failed before)` : "";
    const elsewhere = busy > 0 ? `, ${busy} run elsewhere now` : "";
    const permanent = failed > 0 ? `, ${failed} failed for good` : "";
    output.error(
      `[stet] Dry run: ${missing} would run${before}, ${done} are done${elsewhere}${permanent}` +
        durationOf(missing, task, await newestDurations(target.engine)),
    );
  }, end);
}

/** Numbers of combinations. */
interface Counts {
  /** Those that would run, and of these those that have failed. */
  readonly missing: number;
  readonly again: number;
  readonly done: number;
  /** Those that run now. */
  readonly busy: number;
  /** Those that failed for good. */
  readonly failed: number;
}

async function listRuns(
  target: Target,
  { params, executor, options: { shard, retryPermanent } }: Task,
  log: (line: string) => void,
): Promise<Counts> {
  const failures = await target.engine.failures();
  const permanent = new PermanentFailures(retryPermanent ? [] : failures);
  const keys = new Map<KeyShape, ReadonlySet<string>>();
  const hasFailed = ({ key: { shape, text } }: Plan): boolean => {
    const known = keys.get(shape) ??
      new Set(failures.map(({ params }) => keyOf(shape, params).text));
    keys.set(shape, known);
    return known.has(text);
  };
  const held = new Set((await target.engine.held()).map(({ key }) => key));
  const counts = { missing: 0, again: 0, done: 0, busy: 0, failed: 0 };
  const seen = new FingerprintSet();
  let batch: Plan[] = [];
  const look = async (): Promise<void> => {
    const rows = await Promise.all(batch.map((plan) => target.look(plan, false)));
    for (const [i, plan] of batch.entries()) {
      if (rows[i]) counts.done++;
      else if (held.has(plan.key.text)) counts.busy++;
      else if (permanent.find(plan.key) !== undefined) counts.failed++;
      else {
        counts.missing++;
        if (failures.length > 0 && hasFailed(plan)) counts.again++;
        log(pairsText(target.params(plan)));
      }
    }
    batch = [];
  };
  const items: Items = shard ? shardItems(params, { ...shard, steal: false }) : params;
  for await (const item of yielding(items)) {
    const plan = target.plan(item);
    const { size } = seen;
    if (seen.add(fingerprintOf(plan)) !== size) continue;
    executor.check?.({ params: target.params(plan), args: plan.args });
    if (batch.push(plan) === BATCH) await look();
  }
  await look();
  return counts;
}

/** Returns how long some runs will take, from the durations of earlier ones. */
function durationOf(
  count: number,
  { executor, options }: Task,
  seconds: readonly number[],
): string {
  if (count === 0) return "";
  if (seconds.length === 0) return "; how long is not known: the store has no durations";
  const mean = seconds.reduce((sum, each) => sum + each, 0) / seconds.length;
  const each = `${durationText(mean)} each by the newest ${counted(seconds.length, "run")}`;
  // How many workers a cluster has is not known here.
  if (executor.dispatch) return `; about ${durationText(count * mean)} for the workers, ${each}`;
  const { concurrency = executor.concurrency, perSecond = Infinity } = options;
  const time = Math.max(Math.ceil(count / concurrency) * mean, count / perSecond);
  return `; about ${durationText(time)} with ${concurrency} at once, ${each}`;
}
