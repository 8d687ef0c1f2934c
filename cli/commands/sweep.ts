import { type Command, command } from "../command.ts";
import { gridNote, gridOptions } from "../grids/grid.ts";
import { flag, option, required, text } from "../options.ts";
import {
  dryRunOption,
  engineOptions,
  retryPermanentOption,
  saveOption,
  serviceOptions,
  sweepNote,
  sweepOptions,
} from "../runs/sweep_options.ts";
import { sweepOrList } from "../runs/run_sweep.ts";
import { sweepTask } from "../runs/sweep_task.ts";

/** `stet sweep`. */
export const sweep: Command = command({
  name: "sweep",
  summary: "run an exported function once for every combination",
  usage: ["module.ts#export [-g name=values ...] [options]"],
  about:
    `Runs an exported function or Store for every combination that is not done. The options of a function
     that once() has wrapped say where runs are remembered; a plain one needs --store. Without -g the combinations are the module's export "params",
     or "grid": an array or another iterable. Without #export it is the default export.`,
  arguments: { module: required("module.ts#export", "one module.ts#export") },
  options: {
    ...gridOptions,
    store: option(text("store"), "remember runs here, instead of where the function says", {
      short: "s",
    }),
    save: saveOption,
    workers: flag("run in worker processes, which import the module: for what computes"),
    ...sweepOptions,
    jobs: {
      ...sweepOptions.jobs,
      help: "how many at once (default 1; with --workers one for each processor)",
    },
    dryRun: dryRunOption,
    ...serviceOptions,
    retryPermanent: retryPermanentOption,
    ...engineOptions,
  },
  notes: [gridNote, sweepNote],
  exitCode1: "some runs failed, or were not begun",
  examples: [
    "train.ts#train -g alpha=0.1,0.5 -g seed=0..19 --workers",
    `train.ts#train -g model=s,l -g batch=64,8 -g seed=0..9 \\
    --zip model,batch --filter "model = 's' or seed < 3" --dry-run`,
    "plain.ts#train -g seed=0..19 -s runs.csv --save",
    "evals.ts#ask -j 64 --http-retry --adaptive --max-failures 20%",
    `train.ts#train -g seed=0..9999 --engine pgboss \\
    --store postgres://host/database`,
  ],
  run: async (values, output) => await sweepOrList(await sweepTask(values, output), values, output),
  withTask: async (values, output, body) => await body(await sweepTask(values, output)),
});
