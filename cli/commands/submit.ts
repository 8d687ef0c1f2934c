import { counted } from "../../core/display/counted.ts";
import process from "node:process";
import { ownWords } from "../../core/runtime/own_words.ts";
import { type Launch, type Launched, LaunchError } from "../../executors/launchers/launcher.ts";
import { launchers } from "../../executors/launchers/table.ts";
import { type Command, command, type Output } from "../command.ts";
import { count, flag, option, repeated, required } from "../options.ts";
import { splitWords } from "../runs/split_words.ts";
import { type SubmittedSweep, withSubmittedSweep } from "../runs/submitted_sweep.ts";
import { programArgument } from "../runs/sweep_options.ts";
import { UsageError } from "../usage_error.ts";

const names = Object.keys(launchers).join(", ");

/** `stet submit`. */
export const submit: Command = command({
  name: "submit",
  summary: "run a sweep as an array job of a cluster",
  usage: ["slurm -n tasks [options] -- run|sweep ..."],
  about:
    `Submits one array job whose tasks run the same stet run or stet sweep, each with a part of the
     combinations (--shard), in this folder and with this environment. The command line, the grid and the
     store are checked here first. Prints the job's id.

     The store should be one that machines can share: a Postgres URL, or a sidecar (stet serve). A task
     finishes and records what it runs when it gets SIGTERM: two minutes before its time limit, or by
     scancel --batch --signal=TERM. Submitted again, the same command does what is left.`,
  arguments: {
    launcher: {
      ...required("launcher", `a launcher (${names})`),
      words: Object.keys(launchers),
    },
    sweep: {
      ...programArgument,
      expects:
        "the sweep after --, as in stet submit slurm -n 8 -- run -g seed=0..9 -- ./train {seed}",
      count: [1, Infinity],
    },
  },
  options: {
    tasks: option(count(1), "how many tasks; no more than combinations or the cluster allows", {
      short: "n",
    }),
    slurm: repeated(
      { value: "options", read: readOptions },
      "options of sbatch, as a shell reads them: '--time=2:00:00 -p gpu'",
      { isSigned: "--" },
    ),
    wait: flag("follow the job until it ends; Ctrl-C asks if it is to be cancelled"),
  },
  notes: [
    "On Deno it needs --allow-run and --allow-env; tasks get the permissions that this process has.",
  ],
  exitCode1: "nothing was submitted; with --wait: a task failed or was cancelled",
  examples: [
    `slurm -n 100 --slurm "--time=2:00:00 -p gpu" -- \\
    sweep train.ts#train -g seed=0..9999`,
    `slurm -n 20 --wait -- run -s postgres://db/runs -g seed=0..99 -- \\
    python train.py --seed {seed}`,
  ],
  async run({ launcher: name, sweep, tasks, slurm: options, wait }, output): Promise<number> {
    const load = Object.hasOwn(launchers, name) ? launchers[name] : undefined;
    if (!load) throw new UsageError(`there is no launcher "${name}"; there is ${names}`);
    if (tasks === undefined) throw new UsageError("say how many tasks: -n 100");
    return await withSubmittedSweep(sweep, output, async (swept) => {
      const launcher = await load();
      const launch = launchOf(name, sweep, swept, tasks, options.flat());
      let launched: Launched;
      try {
        launched = await launcher.submit(launch);
      } catch (error) {
        if (!(error instanceof LaunchError)) throw error;
        output.error(`stet: ${error.message}`);
        return 1;
      }
      report(launched, { tasks, label: launcher.label, ...swept }, output);
      if (!wait) return 0;
      const { followJob } = await import("../runs/follow_job.ts");
      return await followJob({ launcher, launched, ...swept }, output);
    });
  },
});

/** Reads options of sbatch. */
function readOptions(text: string, flag: string): string[] {
  const words = splitWords(text, flag);
  if (words.some((word) => /^(?:--array(?:=|$)|-a)/.test(word))) {
    throw new UsageError(`${flag}: leave --array out; -n says how many tasks`);
  }
  return words;
}

function launchOf(
  name: string,
  sweep: readonly string[],
  { logs, total = Infinity }: SubmittedSweep,
  tasks: number,
  options: readonly string[],
): Launch {
  const [command = "", ...args] = sweep;
  return {
    words: [...ownWords(), command, "--shard", name, ...args],
    count: Math.max(1, Math.min(tasks, total)),
    folder: process.cwd(),
    logs,
    options,
  };
}

/** Prints the id of the job, and how to follow it. */
function report(
  { id, count, limit, logs, commands }: Launched,
  { tasks, label, store }: SubmittedSweep & { readonly tasks: number; readonly label: string },
  { log, error }: Output,
): void {
  log(id);
  const why = limit ?? "there are no more combinations";
  const cut = count < tasks ? `, not ${tasks}: ${why}` : "";
  error(
    `[stet] Submitted job ${id} to ${label}: ${counted(count, "task")}${cut}`,
  );
  error(`[stet] Its tasks: ${commands.list}`);
  error(`[stet] Its store: ${store}`);
  error(`[stet] Its output: ${logs}`);
  error(`[stet] To end it after the runs under way: ${commands.cancel}`);
}
