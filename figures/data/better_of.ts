import type { Better } from "../view.ts";

/** Words in the names of metrics of which less is better. */
const LOWER = new Set(
  ("loss losses err error errors rmse mae mse mape nll bce kl perplexity ppl latency cost costs price usd took " +
    "time seconds secs ms duration elapsed runtime delay regret wer cer fid failures violations distance")
    .split(" "),
);
/** Words in the names of amounts that are spent. */
const AMOUNT = new Set("bytes memory mem token tokens flops".split(" "));
/** Words in the names of metrics of which more is better. */
const HIGHER = new Set(
  ("acc accuracy score scores f1 auc auroc auprc map iou dice r2 precision recall bleu rouge psnr ssim reward " +
    "rewards return returns win wins success pass passed right correct throughput fps speedup gain profit")
    .split(" "),
);
const TIMES = new Set("s sec second seconds ms min minute minutes h hour hours day".split(" "));

/** Returns the direction of a metric by the words in its name; undefined if none says it. */
export function betterOf(name: string): Better | undefined {
  const words = wordsOf(name);
  if (isRate(words)) return "higher";
  if (words.some((word) => LOWER.has(word) || AMOUNT.has(word))) return "lower";
  return words.some((word) => HIGHER.has(word)) ? "higher" : undefined;
}

/** True for words such as tokens per second, unless they are those of a cost. */
function isRate(words: readonly string[]): boolean {
  const per = words.indexOf("per");
  return per > 0 && TIMES.has(words[per + 1] ?? "") &&
    !words.slice(0, per).some((word) => LOWER.has(word));
}

/** Words in the names of costs, which a trade-off is with. */
const COST = new Set("latency cost costs price usd seconds ms".split(" "));

/** True if a metric's name is that of a cost. */
export function isCost(name: string): boolean {
  const words = wordsOf(name);
  return !isRate(words) && words.some((word) => COST.has(word) || AMOUNT.has(word));
}

/** Names of params that repeat a configuration. */
const REPLICATE = new Set("seed seeds fold folds rep reps repeat trial split".split(" "));
/** Names of params that are the test cases of an evaluation. */
const CASE = new Set("question questions case example sample item task input".split(" "));
/** Names of those that are test cases if they are many: a few are configurations. */
const MANY = new Set("prompt prompts document text".split(" "));
const MIN_MANY = 10;

/** True if a param's name is that of a replicate. */
export function isReplicate(name: string): boolean {
  return REPLICATE.has(wordsOf(name).at(-1) ?? "");
}

/** True if a param's name is that of a test case. @param values The number of its values. */
export function isCase(name: string, values: number): boolean {
  const word = wordsOf(name).at(-1) ?? "";
  return CASE.has(word) || values >= MIN_MANY && MANY.has(word);
}

/** Returns the words of a name in lower case: `valLoss`, `val_loss` and `result.val-loss` have the same. */
export function wordsOf(name: string): string[] {
  return name.replace(/([\p{Ll}\d])(\p{Lu})/gu, "$1 $2").toLowerCase().split(/[^\p{L}\d]+/u)
    .filter((word) => word !== "");
}
