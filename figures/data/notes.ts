import { countFailedOnly } from "./best.ts";
import { MAX_NUMBER } from "./columns/column.ts";
import type { Selection } from "./selection.ts";

/** Numbers that are in no figure. */
const UNDRAWN = `NaN, infinite or beyond ±${MAX_NUMBER.toExponential().replace("+", "")}`;

/** Returns the facts that a reader of the figures must know, as sentences. */
export function notesOf(selection: Selection): string[] {
  const { choices: { metric, metrics }, columns, params } = selection;
  const notes: string[] = [];
  const count = (n: number, noun: string): string =>
    `${n.toLocaleString("en-US")} ${noun}${n === 1 ? "" : "s"}`;
  const failed = countFailedOnly(selection);
  if (failed > 0) {
    notes.push(
      `${count(failed, "configuration")} ${failed === 1 ? "is" : "are"} not ranked: ` +
        `${failed === 1 ? "its" : "their"} runs failed.`,
    );
  }
  if (metric && metric.left_out > 0) {
    notes.push(
      `${count(metric.left_out, "run")} without a number of ${metric.label} (${UNDRAWN}) ` +
        `${metric.left_out === 1 ? "is" : "are"} left out.`,
    );
  }
  for (const name of columns.results) {
    const counts = columns.get(name)?.counts;
    if (counts?.numbers === 0 && counts.left_out > 0) {
      notes.push(`${name.replace(/^result\./, "")} has no number to draw: all are ${UNDRAWN}.`);
    }
  }
  for (const { label, constant } of metrics) {
    if (constant !== null) notes.push(`${label} is always ${constant}.`);
  }
  for (const name of params) {
    const { axis } = selection.axis(name);
    const isWhole = axis.left_out.values === 0;
    if (isWhole && axis.parts.length < selection.domain(name).length) {
      notes.push(
        `${axis.label} has ${count(selection.domain(name).length, "value")}, shown in ` +
          `${axis.parts.length} ranges.`,
      );
    } else if (!isWhole) {
      notes.push(
        `${axis.label} has ${count(selection.domain(name).length, "value")}; the ` +
          `${axis.parts.length} most frequent are shown.`,
      );
    }
  }
  for (const name of columns.params) {
    if (columns.get(name)?.long) {
      notes.push(`${selection.label(name)} has too many long texts for figures, and is left out.`);
    }
  }
  return notes;
}
