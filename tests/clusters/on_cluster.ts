import { cluster, openBackend, type Outcome, sweep, type SweepOptions } from "../../mod.ts";
import { loadPgBoss } from "../../packages/pg_boss.ts";
import { postgresSkip } from "../postgres/programs.ts";
import { type ClusterFunction, type ClusterParams, runsOn } from "../workers/cluster_runs.ts";

async function reasonOfSkip(): Promise<string | false> {
  if (postgresSkip) return postgresSkip;
  try {
    await loadPgBoss("test a cluster");
    return false;
  } catch (error) {
    return String(error);
  }
}

/** The reason why tests of a cluster are skipped, or false. */
export const clusterSkip: string | false = await reasonOfSkip();

/** Sweeps a function on a cluster, and returns the outcomes by `n`. */
export async function swept(
  url: string,
  params: Iterable<ClusterParams>,
  { name = "square", ...more }: SweepOptions & { readonly name?: ClusterFunction } = {},
): Promise<Map<number, Outcome<unknown>>> {
  const outcomes = new Map<number, Outcome<unknown>>();
  await using run = runsOn(name, url);
  for await (
    const outcome of sweep(run, params, {
      executor: cluster(url, { fallback: false }),
      handleSignals: false,
      ...more,
    })
  ) outcomes.set(outcome.params["n"] as number, outcome);
  return outcomes;
}

/** Returns the number of rows of each key. */
export async function rowsIn(url: string): Promise<Map<number, number>> {
  const counts = new Map<number, number>();
  const backend = await openBackend(url);
  for (const { n } of await backend.load()) {
    counts.set(n as number, (counts.get(n as number) ?? 0) + 1);
  }
  await backend.close();
  return counts;
}

/** Returns params. */
export function numbers(count: number, ms = 0): ClusterParams[] {
  return Array.from({ length: count }, (_, n) => ({ n, ms }));
}
