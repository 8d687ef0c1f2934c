import type { Engine } from "../../core/contract/engine.ts";
import type { Executor } from "../../core/runs/executor.ts";
import type { Items } from "../../core/sweeps/shard.ts";
import type { SweepOptions } from "../../core/sweeps/sweep_types.ts";

/** A sweep of a command. */
export interface Task {
  /** A `once` function or Store. */
  readonly swept: object;
  readonly params: Items;
  /** Number of params, if it is known. */
  readonly total: number | undefined;
  readonly executor: Executor;
  readonly options: SweepOptions;
  /** The store as a command line names it, if it can. */
  readonly store: string | undefined;
  /** The store of its runs, if it is known. */
  readonly backend: Engine | undefined;
  /** Returns notes about its runs once it has ended. @param skipped Number of skipped runs. */
  readonly notes?: (skipped: number) => readonly string[];
}
