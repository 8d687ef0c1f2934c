import type { View } from "../view.ts";
import type { ReportFacts } from "./report_facts.ts";

/** Returns where a report is from: names and values, as `Store` and its location. */
export function footWords(
  { progress }: View,
  { command, git, time, version }: ReportFacts,
): readonly (readonly [name: string, value: string])[] {
  return [
    ["Store", progress.location || progress.store],
    ...progress.command === null ? [] : [["Command of the runs", progress.command] as const],
    ...git === undefined ? [] : [["Git", git] as const],
    [`Made ${time} by stet ${version}`, command],
  ];
}
