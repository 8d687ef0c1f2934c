import type { Better } from "../view.ts";

/** Words in the names of metrics of which less is better. */
const LOWER = new Set(
  ("loss losses err error errors rmse mae mse mape nll perplexity ppl latency cost costs usd took time " +
    "seconds secs ms duration regret wer cer fid bytes memory mem failures violations")
    .split(" "),
);

/** Returns the direction of a metric by the words in its name. */
export function betterOf(name: string): Better {
  return wordsOf(name).some((word) => LOWER.has(word)) ? "lower" : "higher";
}

/** Words in the names of costs, which a trade-off is with. */
const COST = new Set("latency cost costs usd seconds ms bytes memory mem tokens flops".split(" "));

/** True if a metric's name is that of a cost. */
export function isCost(name: string): boolean {
  return wordsOf(name).some((word) => COST.has(word));
}

/** Names of params that repeat a configuration. */
const REPLICATE = new Set("seed seeds fold folds rep reps repeat trial split".split(" "));
/** Names of params that are the test cases of an evaluation. */
const CASE = new Set("question questions case example sample item task".split(" "));

/** True if a param's name is that of a replicate. */
export function isReplicate(name: string): boolean {
  return REPLICATE.has(wordsOf(name).at(-1) ?? "");
}

/** True if a param's name is that of a test case. */
export function isCase(name: string): boolean {
  return CASE.has(wordsOf(name).at(-1) ?? "");
}

/** Returns the words of a name in lower case: `valLoss`, `val_loss` and `result.val-loss` have the same. */
export function wordsOf(name: string): string[] {
  return name.replace(/([\p{Ll}\d])(\p{Lu})/gu, "$1 $2").toLowerCase().split(/[^\p{L}\d]+/u)
    .filter((word) => word !== "");
}
