import { DEFAULT_STORE } from "../../core/runs/open_stores.ts";
import { type Command, UsageError } from "../command.ts";
import { gridHelp, gridOptions, readGrid } from "../grids/grid.ts";
import { runCommand } from "../runs/run_command.ts";
import { sweepHelp, sweepOptions } from "../runs/sweep_options.ts";

/** `stet run`. */
export const run: Command = {
  summary: "run a program once for every combination",
  help: `Usage: stet run -g name=values ... [options] -- program [argument ...]

Runs the program for every combination that is not done, without a shell, and remembers it as done if
it exits with 0. Started again, or on several terminals, it does what is left.

{seed} in an argument is replaced by the value of seed as it was written, {learning rate} by that param,
{id} by the run's id; {{ and }} are braces. The program also finds STET_PARAM_SEED, STET_PARAM_LEARNING_RATE
and STET_ID in its environment. Its last line of standard output that is JSON is saved as the result, all it
prints is in <store>-logs/<id>.log.

${gridHelp}

  -s, --store store        where runs are remembered (default ${DEFAULT_STORE})
      --namespace name     keeps programs apart that share a store
  -j, --jobs count         how many at once (default: one for each processor)
${sweepHelp}

On Deno it needs --allow-run and --allow-env besides --allow-read and --allow-write.

Examples:
  stet run -g seed=0..99 -j 8 -- python train.py --seed {seed}
  stet run --store runs.csv -g lr=log:1e-4..1e-1:7 -g model=a,b --timeout 30m --retries 2 \\
    -- ./train --lr={lr} --model={model}
  stet run -g todo.csv -- sh -c 'echo "$STET_PARAM_NAME" | wc -c'`,
  options: {
    ...gridOptions,
    ...sweepOptions,
    store: { type: "string", short: "s" },
    namespace: { type: "string" },
  },
  takesProgram: true,
  async run(values, positionals, output, program): Promise<number> {
    if (positionals.length > 0 || !program || program.length === 0) {
      throw new UsageError(
        `the program to run stands after --, as in stet run -g seed=0..9 -- python train.py` +
          (positionals.length > 0 ? `; got "${positionals.join(" ")}" before it` : ""),
      );
    }
    return await runCommand(
      {
        store: values["store"] as string | undefined ?? DEFAULT_STORE,
        namespace: values["namespace"] as string | undefined,
        program,
        grid: await readGrid(values, output.error),
      },
      values,
      output,
    );
  },
};
