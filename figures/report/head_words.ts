import type { View } from "../view.ts";
import { heatTitle } from "../draw/draw_heat.js";
import { countText, percentText, secondsText } from "../draw/numbers.js";
import { plainText } from "../draw/text.js";

/** Returns the line of counts and times: `4,570 runs done · 430 failed · 18 h of work · …`. */
export function countWords({ progress }: View): string {
  const { done, running, planned, took_seconds, first_run, last_run } = progress;
  const { others, other_failed } = progress;
  const failed = progress.failed - other_failed;
  const other = others + other_failed;
  const of = planned !== null && planned > done ? ` of ${countText(planned)}` : "";
  return [
    `${countText(done)}${of} ${done === 1 && of === "" ? "run" : "runs"} done`,
    failed > 0 ? `${countText(failed)} failed` : "",
    running > 0 ? `${countText(running)} running` : "",
    other > 0
      ? `${countText(other)} other ${other === 1 ? "run" : "runs"}` +
        (other_failed > 0 ? `, ${countText(other_failed)} failed` : "")
      : "",
    took_seconds > 0 ? `${secondsText(took_seconds)} of work` : "",
    first_run !== null && last_run !== null
      ? `${spanWords(timeWords(first_run), timeWords(last_run))} UTC`
      : "",
  ].filter((it) => it !== "").join(" · ");
}

/** Returns two times as a span, with a day that both have once. */
function spanWords(first: string, last: string): string {
  if (first === last) return first;
  const [day] = first.split(" ");
  return `${first} – ${last.startsWith(`${day} `) ? last.slice(day!.length + 1) : last}`;
}

/** Returns the line of choices: `loss · lower is better · each configuration is the mean over seed · …`. */
export function choiceWords({ choices, best }: View): string {
  const { metric, better, better_from, over, namespace } = choices;
  if (metric === null) return "No result is a number.";
  const params = choices.params.filter(({ name, constant }) =>
    constant === null && !over.includes(name)
  )
    .map(({ label }) => plainText(label));
  const count = best?.configurations;
  return [
    plainText(metric.label),
    `${better} is better${better_from === "default" ? " (assumed)" : ""}`,
    over.length > 0 ? `each configuration is the mean over ${over.map(plainText).join(", ")}` : "",
    count === undefined || params.length === 0
      ? ""
      : `${countText(count)} ${count === 1 ? "configuration" : "configurations"} of ${
        params.join(" × ")
      }`,
    namespace === null ? "" : `namespace ${plainText(namespace)}`,
  ].filter((it) => it !== "").join(" · ");
}

/** Returns the line of the filter; empty without one. */
export function filterWords({ choices, rows, progress }: View): string {
  if (choices.where === "") return "";
  return `Only the ${countText(rows)} of ${countText(progress.done + progress.others)} runs where ${
    plainText(choices.where)
  }`;
}

/** Returns the heading of the failures: `430 failures`. */
export function failuresHeading({ progress: { failed } }: View): string {
  return `${countText(failed)} ${failed === 1 ? "failure" : "failures"}`;
}

/** Returns the heading of the heat map: `loss by lr and batch`; empty without one. */
export function heatHeading({ heat, choices }: View): string {
  if (heat === null) return "";
  const y = heat.y === null ? "" : ` and ${heat.y.label}`;
  return `${heatTitle(heat, choices.metric?.label ?? "")} by ${heat.x.label}${y}`;
}

/** Returns the sentence about the grounds of the shares of variance. */
export function matterWords({ matters, choices }: View): string {
  if (matters === null || choices.metric === null) return "";
  const share = `Share of the variance of ${plainText(choices.metric.label)}.`;
  if (matters.exact) return share;
  return matters.configurations < matters.of
    ? `${share} Approximate: of the ${
      percentText(matters.configurations / matters.of)
    } of configurations that have a number.`
    : `${share} Approximate: combinations are missing, or runs of some configurations.`;
}

/** Returns a time of the store in minutes: `2026-11-28 22:00`. */
function timeWords(time: string): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime())
    ? plainText(time)
    : date.toISOString().slice(0, 16).replace("T", " ");
}
