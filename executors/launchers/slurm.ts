import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../../core/errors.ts";
import { shellText } from "../../core/runtime/shell_text.ts";
import {
  type Launch,
  type Launched,
  type LaunchedTask,
  type Launcher,
  LaunchError,
  type TaskState,
} from "./launcher.ts";
import { runScheduler } from "./run_scheduler.ts";

/** Time before the limit of a task at which SIGTERM asks it to finish its current runs, in seconds. */
const DRAIN_SECONDS = 120;

/**
 * Slurm, by one array job. A worker takes the place of the batch shell (`exec`), so that signals for it
 * arrive: SIGTERM two minutes before the time limit (`--signal=B:…`), and SIGTERM of `cancel()`. Tasks
 * are queued again after a failure of their node or preemption (`--requeue`).
 */
export const slurm: Launcher = {
  label: "Slurm",

  async submit({ words, count: asked, folder, logs, options }: Launch): Promise<Launched> {
    const task = "submit to Slurm";
    const most = await maxArraySize(task);
    if (most === 0) {
      throw new LaunchError(`Cannot ${task}: it takes no array jobs here (MaxArraySize is 0)`);
    }
    const count = Math.min(asked, most);
    makeFolder(task, logs); // Slurm fails a task silently if it is missing
    const printed = await runScheduler(task, [
      "sbatch",
      "--parsable",
      "--job-name=stet",
      `--array=0-${count - 1}`,
      "--requeue",
      `--signal=B:TERM@${DRAIN_SECONDS}`,
      `--chdir=${folder}`,
      `--output=${join(logs.replaceAll("%", "%%"), "slurm-%A_%a.out")}`,
      "--open-mode=append", // a task that is queued again keeps its output
      ...options,
    ], `#!/bin/sh\nexec ${shellText(words)}\n`);
    // `id`, or `id;cluster`. sbatch may have printed a site's message before it.
    const [id] = /^\d+(?:;\S+)?$/m.exec(printed) ?? [];
    if (id === undefined) {
      throw new LaunchError(
        `Cannot tell the job's id from the output of sbatch: ${printed.trim()}`,
      );
    }
    const { job, cluster } = partsOf(id);
    return {
      id,
      count,
      ...count < asked &&
        { limit: `arrays of Slurm have ${most} tasks at most here (MaxArraySize)` },
      logs: `${shellText([logs])}/slurm-${job}_*.out`,
      commands: {
        list: shellText(["squeue", ...cluster, "-j", job]),
        cancel: cancelWords(id).map(shellText).join("; "),
      },
    };
  },

  async status(id: string): Promise<readonly LaunchedTask[]> {
    const { job, cluster } = partsOf(id);
    const words = ["squeue", "-h", "-r", "-t", "all", "-o", "%K|%T|%r", ...cluster, "-j", job];
    const printed = await unlessForgotten(() => runScheduler(`follow job ${id}`, words));
    const lines = printed?.matchAll(/^([^|]+)\|(\w+)\|(.*)$/gm) ?? [];
    return [...lines].map(([, task = "", state = "", reason = ""]) => ({
      // The tasks that were cancelled while they waited are one line, without a number.
      id: /^\d+$/.test(task) ? task : "*",
      state: STATES[state] ?? "failed",
      reason: reason === "None" ? "" : reason,
    }));
  },

  async cancel(id: string): Promise<void> {
    for (const words of cancelWords(id)) {
      await unlessForgotten(() => runScheduler(`cancel job ${id}`, words));
    }
  },
};

/** The states of squeue(1) that a task can leave by itself, and the good end. Others are failures. */
const STATES: Readonly<Record<string, TaskState>> = {
  PENDING: "waiting",
  REQUEUED: "waiting",
  REQUEUE_HOLD: "waiting",
  REQUEUE_FED: "waiting",
  RESV_DEL_HOLD: "waiting",
  SPECIAL_EXIT: "waiting",
  CONFIGURING: "running",
  RUNNING: "running",
  COMPLETING: "running",
  RESIZING: "running",
  SIGNALING: "running",
  STAGE_OUT: "running",
  STOPPED: "running",
  SUSPENDED: "running",
  COMPLETED: "done",
  CANCELLED: "cancelled",
};

/** Resolves to what a body resolves to; undefined if Slurm has forgotten the job, or it has ended. */
async function unlessForgotten<T>(body: () => Promise<T>): Promise<T | undefined> {
  try {
    return await body();
  } catch (error) {
    if (/Invalid job id|already completing or completed/i.test(messageOf(error))) return undefined;
    throw error;
  }
}

/**
 * Returns the commands that end a job after its current runs. SIGTERM is for the worker alone: without
 * `--batch`, the programs that it runs get it too.
 */
function cancelWords(id: string): string[][] {
  const { job, cluster } = partsOf(id);
  return [["--state=PENDING"], ["--batch", "--signal=TERM"]].map((
    options,
  ) => ["scancel", ...options, ...cluster, job]);
}

/** Returns the parts of an id: the job, and the options that name its cluster if the id does. */
function partsOf(id: string): { readonly job: string; readonly cluster: readonly string[] } {
  const [job = "", cluster] = id.split(";");
  return { job, cluster: cluster === undefined ? [] : ["-M", cluster] };
}

async function maxArraySize(task: string): Promise<number> {
  const config = await runScheduler(task, ["scontrol", "show", "config"]);
  return Number(/^MaxArraySize\s*=\s*(\d+)/m.exec(config)?.[1] ?? NaN) || 0;
}

function makeFolder(task: string, folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new LaunchError(
      `Cannot ${task}: the folder of the output ${JSON.stringify(folder)} cannot be made: ${
        messageOf(error)
      }; name another with --logs`,
      { cause: error },
    );
  }
}
