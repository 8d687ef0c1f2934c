import process from "node:process";
import { missingPermission } from "../../core/runtime/missing_permission.ts";
import { UsageError } from "../usage_error.ts";

/** Variables of a scheduler's array task: its id, the first, the last, and the step from one to the next. */
interface ArrayTask {
  readonly id: string;
  readonly first: string | number;
  readonly last?: string;
  readonly step?: string;
}

/** Slurm, Grid Engine, LSF and Kubernetes, by the name that `--shard` gives them. */
const SCHEDULERS: Readonly<Record<string, ArrayTask>> = {
  slurm: {
    id: "SLURM_ARRAY_TASK_ID",
    first: "SLURM_ARRAY_TASK_MIN",
    last: "SLURM_ARRAY_TASK_MAX",
    step: "SLURM_ARRAY_TASK_STEP",
  },
  sge: {
    id: "SGE_TASK_ID",
    first: "SGE_TASK_FIRST",
    last: "SGE_TASK_LAST",
    step: "SGE_TASK_STEPSIZE",
  },
  lsf: {
    id: "LSB_JOBINDEX",
    first: 1,
    last: "LSB_JOBINDEX_END",
    step: "LSB_JOBINDEX_STEP",
  },
  kubernetes: { id: "JOB_COMPLETION_INDEX", first: 0 },
};

/**
 * Reads `3/100`, or the name of a scheduler whose array task this process is: `slurm`, `sge`, `lsf`, or
 * `kubernetes/100`, whose tasks do not know their number.
 *
 * @throws {UsageError} If it is none of these, or the process is no such task.
 */
export function readShard(
  text: string,
  flag: string,
): { readonly index: number; readonly count: number } {
  const [, name = "", given] = /^([^/]*)(?:\/(\d+))?$/.exec(text) ?? [];
  if (Object.hasOwn(SCHEDULERS, name)) return taskOf(SCHEDULERS[name]!, name, given, flag);
  const [index, count] = [Number(name || NaN), Number(given)];
  if (Number.isSafeInteger(index) && index >= 0 && index < count) return { index, count };
  throw new UsageError(
    `${flag} must be a part such as 3/100, from 0/100 to 99/100, or the name of a scheduler ` +
      `(${Object.keys(SCHEDULERS).join(", ")}), got "${text}"`,
  );
}

function taskOf(
  { id, first, last, step }: ArrayTask,
  name: string,
  given: string | undefined,
  flag: string,
): { readonly index: number; readonly count: number } {
  const start = typeof first === "number" ? first : variable(first, name, flag);
  const stride = step === undefined ? 1 : variable(step, name, flag);
  const index = (variable(id, name, flag) - start) / stride;
  if (given === undefined && last === undefined) {
    throw new UsageError(`${flag} ${name} needs the number of tasks: ${flag} ${name}/100`);
  }
  const count = given === undefined
    ? Math.floor((variable(last!, name, flag) - start) / stride) + 1
    : Number(given);
  if (Number.isSafeInteger(index) && index >= 0 && index < count) return { index, count };
  throw new UsageError(
    `${flag} ${name}: the tasks of this array are not numbered evenly from ${start} in steps of ` +
      `${stride}; say the part by hand: ${flag} 3/100`,
  );
}

function variable(name: string, scheduler: string, flag: string): number {
  if (missingPermission([{ name: "env", variable: name }])) {
    throw new UsageError(`${flag} ${scheduler} reads ${name}: give Deno --allow-env=${name}`);
  }
  const text = process.env[name];
  if (text !== undefined && /^\d+$/.test(text)) return Number(text);
  throw new UsageError(
    `${flag} ${scheduler} works in a task of an array job: ${name} is ${
      text === undefined ? "not set" : `"${text}"`
    }`,
  );
}
