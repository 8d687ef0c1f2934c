import { DEFAULT_STORE } from "../../core/contract/registry.ts";
import { type Command, command } from "../command.ts";
import { gridNote, gridOptions, readGrid } from "../grids/grid.ts";
import { readPair } from "../grids/read_pair.ts";
import { flag, option, repeated, text } from "../options.ts";
import { logsOption } from "../programs/logs_of.ts";
import { onChangeOption } from "../runs/on_change_option.ts";
import { resultOption } from "../programs/result_option.ts";
import { runCommand, withCommandTask } from "../runs/run_command.ts";
import {
  dryRunOption,
  engineOptions,
  programArgument,
  sweepNote,
  sweepOptions,
} from "../runs/sweep_options.ts";

/** `stet run`. */
export const run: Command = command({
  name: "run",
  summary: "run a program once for every combination",
  usage: ["-g name=values ... [options] -- program [argument ...]"],
  about:
    `Runs the program for every combination that is not done, without a shell, and remembers it as done if
     it exits with 0. Started again, or on several terminals, it does what is left.

     {seed} in an argument is replaced by the value of seed as it was written, {learning rate} by that
     param, {id} by the run's id, {slot} by a number from 0 to jobs - 1 that no other run under way has, as
     for CUDA_VISIBLE_DEVICES; a brace that begins no name is itself,
     and {{seed}} is the text {seed}. The program also finds STET_PARAM_SEED,
     STET_PARAM_LEARNING_RATE, STET_ID and STET_SLOT in its environment. The last JSON value
     of its standard output is saved as the result, all it prints is in <store>-logs/<id>.log.`,
  arguments: {
    program: {
      ...programArgument,
      expects: "the program to run after --, as in stet run -g seed=0..9 -- python train.py",
      count: [1, Infinity],
    },
  },
  options: {
    ...gridOptions,
    store: option(text("store"), "where runs are remembered", {
      short: "s",
      default: DEFAULT_STORE,
    }),
    namespace: option(text("name"), "keeps programs apart that share a store"),
    default: repeated(
      { value: "name=value", read: readPair },
      "rows from before the grid had this param count as having this value",
    ),
    onChange: onChangeOption,
    result: resultOption,
    logs: logsOption,
    live: flag("print the output of programs as it comes, each line with its params in front"),
    ...sweepOptions,
    jobs: { ...sweepOptions.jobs, help: "how many at once (default: one for each processor)" },
    dryRun: dryRunOption,
    ...engineOptions,
  },
  notes: [
    gridNote,
    sweepNote,
    "On Deno it needs --allow-run and --allow-env besides --allow-read and --allow-write.",
  ],
  exitCode1: "some runs failed, or were not begun",
  examples: [
    "-g seed=0..99 -j 8 -- python train.py --seed {seed}",
    `--store runs.csv -g lr=log:1e-4..1e-1:7 -g model=a,b --timeout 30m \\
    -- ./train --lr={lr} --model={model}`,
    `-g seed=0..99 -j 4 \\
    -- env CUDA_VISIBLE_DEVICES={slot} python train.py --seed {seed}`,
    "-g day=2024-01-01..2024-12-31 --dry-run -- ./backfill.sh {day}",
    `-g 'file=data/*.json' -g lr=loguniform:1e-4..1e-1 --sample 200 \\
    -- ./train {file} {lr}`,
    `-g todo.csv -- sh -c 'echo "$STET_PARAM_NAME" | wc -c'`,
  ],
  async run(values, output): Promise<number> {
    const grid = await readGrid(values, output.error);
    return await runCommand({ ...values, grid }, values, output);
  },
  async withTask(values, output, body) {
    const grid = await readGrid(values, output.error);
    return await withCommandTask({ ...values, grid }, values, output, body);
  },
});
