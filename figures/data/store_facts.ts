import path from "node:path";
import type { Engine } from "../../core/contract/engine.ts";
import { keyParams } from "../../core/keys/key.ts";
import { noFacts, type ViewFacts } from "./view_facts.ts";

/**
 * Returns the facts of a store besides its rows, without a mark.
 *
 * @param location The store as its user named it.
 * @param now The time in milliseconds since 1970.
 */
export async function storeFacts(
  engine: Engine,
  location: string,
  now: number,
): Promise<ViewFacts> {
  const failures = await engine.failures();
  const held = await engine.held();
  const plans = await engine.plans();
  const [newest] = plans.toSorted((a, b) => a.time < b.time ? 1 : -1);
  return noFacts({
    store: shortName(location),
    location,
    failures,
    claims: held.map(({ key, holder, since = null }) => ({
      key,
      holder,
      since,
      params: keyParams(key),
    })),
    plans: plans.map(({ label: _, command: __, ...plan }) => ({ ...plan, from: "plan" })),
    command: newest?.command ?? null,
    now,
  });
}

/** Returns the name of a file, or those of a database and its table. */
function shortName(location: string): string {
  const [, database, query] = /^postgres[^/]*:\/\/[^/]*\/([^?]*)\??(.*)$/i.exec(location) ?? [];
  if (database === undefined) return path.basename(location);
  const table = new URLSearchParams(query).get("table");
  return table === null ? database : `${database}/${table}`;
}

/** Returns a text that changes with the facts. */
export function factsMark({ failures, claims, plans, command }: ViewFacts): string {
  const attempts = failures.reduce((sum, { attempt }) => sum + attempt, 0);
  return JSON.stringify([
    failures.length,
    attempts,
    failures.at(-1)?.time,
    claims.map(({ key, since }) => [key, since]),
    plans.map(({ namespace, count, time }) => [namespace, count, time]),
    command,
  ]);
}
