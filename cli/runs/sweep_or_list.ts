import type { Output } from "../command.ts";
import { runSweep } from "./run_sweep.ts";
import type { Task } from "./task.ts";

/** Sweeps, or with `--dry-run` lists what would run, and resolves to the exit code. Throws as `runSweep`. */
export async function sweepOrList(
  task: Task,
  { dryRun: isDry = false }: { readonly dryRun?: boolean },
  output: Output,
): Promise<number> {
  if (!isDry) return await runSweep(task, output);
  const { dryRun } = await import("./dry_run.ts");
  await dryRun(task, output);
  return 0;
}
