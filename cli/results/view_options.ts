import type { ViewQuery } from "../../figures/view.ts";
import { columnList } from "../grids/column_list.ts";
import {
  type Kind,
  oneOf,
  option,
  type Options,
  text,
  type Values,
  whereOption,
} from "../options.ts";

/** Names of params; none if the text is empty. */
const params: Kind<string[]> = {
  value: "columns",
  read: (text, flag) => text === "" ? [] : columnList(text, flag),
};

/** Options of commands that show figures of results. */
export const viewOptions = {
  metric: option(
    text("result"),
    "the one to look at, or took (default: the first that varies and is no cost, such as tokens)",
    { short: "m" },
  ),
  better: option(
    oneOf("direction", ["lower", "higher"]),
    "lower or higher: which numbers of it are better (default: by its name, such as loss, else higher)",
  ),
  over: option(
    params,
    `params to average over, "" for none (default: seed, fold, rep, repeat, trial, split; with texts as
     results also test cases: question, case, example, sample, item, task, input, 10 prompts or more)`,
  ),
  where: whereOption("runs"),
  namespace: option(text("name"), "only runs of one function, in a store of several"),
} as const satisfies Options;

/** Returns the query of the options. */
export function queryOf(
  { metric, better, over, where, namespace }: Values<typeof viewOptions>,
): ViewQuery {
  return {
    ...metric === undefined ? {} : { metric },
    ...better === undefined ? {} : { better },
    ...over === undefined ? {} : { over: over.join(",") },
    ...where === undefined ? {} : { where },
    ...namespace === undefined ? {} : { namespace },
  };
}
