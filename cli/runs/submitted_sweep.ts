import type { Engine } from "../../core/contract/engine.ts";
import { MACHINES_SHARE } from "../../core/contract/machines_share.ts";
import { closeAfter } from "../../core/runtime/close_after.ts";
import { shownLocation } from "../../core/runtime/shown_location.ts";
import { targetOf } from "../../core/runs/target.ts";
import type { Command, Output } from "../command.ts";
import { readsInput } from "../grids/read_input.ts";
import { parseArguments } from "../parse_arguments.ts";
import { UsageError } from "../usage_error.ts";
import { logsOf } from "../programs/logs_of.ts";

/** A sweep that workers elsewhere are to run. */
export interface SubmittedSweep {
  /** Location of the store, without its secrets. */
  readonly store: string;
  /** The store, if all workers share it. */
  readonly engine: Engine | undefined;
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
 * module and store. Warns if the store is a file. The store is open while the body runs.
 *
 * @throws {UsageError} If it is wrong. @throws {StoreError} If the store cannot be used.
 */
export async function withSubmittedSweep<T>(
  [name = "", ...args]: readonly string[],
  output: Output,
  body: (sweep: SubmittedSweep) => Promise<T>,
): Promise<T> {
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
  if (own.includes("--dry-run")) throw new UsageError("leave --dry-run out of what tasks run");
  const command = await load();
  const values = parseArguments(command, ["--shard", "0/1", ...args]); // --steal needs one
  if (!values) {
    throw new UsageError(`--help of stet ${name} runs nothing; see: stet ${name} --help`);
  }
  const { logs, grid } = values as { readonly logs?: string; readonly grid: readonly string[] };
  if (grid.some(readsInput)) {
    throw new UsageError("tasks have no standard input for -g; write it to a file: -g todo.csv");
  }
  return await command.withTask!(values as never, output, async ({ swept, total }) => {
    const target = targetOf(swept)!;
    const { leavesNotes = false } = target;
    const end = await target.begin();
    return await closeAfter(async () => {
      const { engine } = target;
      const { location } = engine;
      if (!leavesNotes) checkShared(location, output);
      return await body({
        store: shownLocation(location),
        engine: leavesNotes ? undefined : engine,
        logs: logs ?? logsOf(location),
        total,
      });
    }, end);
  });
}

/** @throws {UsageError} If each worker would have a store of its own. */
function checkShared(location: string, { error }: Output): void {
  if (location === ":memory:") {
    throw new UsageError("the store :memory: of a task ends with it; use one that is kept");
  }
  if (location.includes("://")) return;
  error(
    `[stet] ${location} is a file, and locks cannot be relied on where machines share its folder; ` +
      MACHINES_SHARE,
  );
}
