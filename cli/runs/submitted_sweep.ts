import { MACHINES_SHARE } from "../../core/contract/machines_share.ts";
import { StoreRuns } from "../../core/records/store_runs.ts";
import { targetOf } from "../../core/runs/target.ts";
import type { Command, Output } from "../command.ts";
import { parseArguments } from "../parse_arguments.ts";
import { UsageError } from "../usage_error.ts";
import { logsOf } from "./logs_of.ts";
import type { Task } from "./task.ts";

/** A sweep that workers elsewhere are to run. */
export interface SubmittedSweep {
  /** The store as a command line names it; undefined if it cannot. */
  readonly store: string | undefined;
  /** Folder of the output. */
  readonly logs: string;
  /** Number of combinations, if it is known. */
  readonly total: number | undefined;
}

/** The commands that can be submitted. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => (await import("../commands/run.ts")).run,
  sweep: async () => (await import("../commands/sweep.ts")).sweep,
};

/**
 * Checks the command line of a sweep as its workers will, without running anything: options, grid,
 * module and store. Warns if the store is a file.
 *
 * @throws {UsageError} If it is wrong. @throws {StoreError} If the store cannot be used.
 */
export async function submittedSweep(
  [name = "", ...args]: readonly string[],
  output: Output,
): Promise<SubmittedSweep> {
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!load) {
    throw new UsageError(
      `the command after -- must be ${Object.keys(COMMANDS).join(" or ")}, got "${name}"`,
    );
  }
  const end = args.indexOf("--");
  const own = end < 0 ? args : args.slice(0, end);
  if (own.some((word) => /^--shard(?:=|$)/.test(word))) {
    throw new UsageError("leave --shard out: each task takes its own part");
  }
  const command = await load();
  const values = parseArguments(command, args);
  if (!values) {
    throw new UsageError(`--help of stet ${name} runs nothing; see: stet ${name} --help`);
  }
  return await command.withTask!(values as never, output, async (task) => {
    const location = await locationOf(task);
    if (location === ":memory:" && !leavesNotes(task)) {
      throw new UsageError("the store :memory: of a task ends with it; use one that is kept");
    }
    if (!location.includes("://") && !leavesNotes(task)) {
      output.error(
        `[stet] ${location} is a file, and locks cannot be relied on where machines share its ` +
          `folder; ${MACHINES_SHARE}`,
      );
    }
    const { logs } = values as { readonly logs?: string };
    return { store: task.store, logs: logs ?? logsOf(location), total: task.total };
  });
}

async function locationOf({ swept }: Task): Promise<string> {
  const target = targetOf(swept)!;
  const end = await target.begin();
  const { location } = target.engine;
  await end();
  return location;
}

function leavesNotes({ swept }: Task): boolean {
  const target = targetOf(swept);
  return target instanceof StoreRuns && target.leavesNotes;
}
