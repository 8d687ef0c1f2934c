import { Runs } from "../../core/runs/runs.ts";
import type { Target } from "../../core/runs/target.ts";

/** Where the store of a `once` function is; undefined for a Store. */
export async function locationOf(target: Target): Promise<string | undefined> {
  return target instanceof Runs ? (await target.backend()).location : undefined;
}
