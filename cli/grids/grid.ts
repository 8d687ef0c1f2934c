import type { Factor, Grid } from "../../core/grids/grid.ts";
import { argumentText } from "../../core/values/argument_text.ts";
import { writeCell } from "../../core/values/cell.ts";
import { checkParamName } from "../../core/values/columns.ts";
import { messageOf } from "../../core/errors.ts";
import { count, option, type Options, repeated, text, type Values } from "../options.ts";
import { UsageError } from "../usage_error.ts";
import { type AxisOptions, readAxis, splitKind } from "./axis.ts";
import { columnList, columnLists } from "./column_list.ts";
import { readDistribution, type Source } from "./draws.ts";
import { narrowGrid } from "./narrow_grid.ts";
import { readCombinations } from "./read_combinations.ts";
import { readInput, readsInput } from "./read_input.ts";
import { TextKinds } from "./text_kinds.ts";

/** The options of a grid. */
export const gridOptions = {
  grid: repeated(
    text("name=values"),
    `the values of a param; several -g are multiplied. Or a file with the combinations: a CSV with a
     column for each param, a JSON array of objects, JSON Lines, or a store; or - for standard input, a CSV
     or JSON Lines`,
    { short: "g" },
  ),
  text: columnLists("names", "the values of these params are text, as with -g name:text=values"),
  number: columnLists("names", "they are numbers, as with -g name:number=values"),
  zip: repeated<readonly string[]>(
    { value: "names", read: columnList },
    "these params go hand in hand, first with first, instead of multiplied",
  ),
  filter: option(
    text("condition"),
    "only combinations for which it holds, such as 'lr < 0.1 or batch > 32' (see: stet ls --help)",
  ),
  sample: option(count(1), "only so many combinations, drawn at random, the same on each start"),
  seed: option(
    count(0, Number.MAX_SAFE_INTEGER, "number"),
    "with --sample: draw others (default 0)",
  ),
} as const satisfies Options;

/** Paragraphs of `--help` about grids. */
export const gridNote =
  `Values: 0.1,0.5; adam,sgd; 0..19; 0..100..10; lin:0..1:5; log:1e-4..1e-1:7; true,null; dates, as
2024-01-01..2024-12-31, 2024-01-01..2024-12-31..7d, 2024-01..2024-12, 2024-01-31..2024-12-31..1mo; paths of
files, as data/*.json; @file, the lines of a file, and @-, those of standard input. With --sample also
uniform:0..1, loguniform:1e-4..1e-1 and choice:a,b, which are drawn anew for each combination. The grid is
zipped first, then filtered, then sampled; --shard takes its part of that.

A value is a number only if its text loses nothing by that: 7, 0.5, 1e-4; but 007, +15, 3.10, 1.0, 12E3 and
1e400 are text. Where one value of a param, or of a column of a CSV, is text, all are: 3.9,3.10 are two texts,
and so are None,small. Text that looks like something else is quoted: '"1"', '"a,b"', '"a..b"', '"gpt:4"'.
Arrays are JSON: [64,64],[128].`;

/** Values of {@linkcode gridOptions}. */
export type GridValues =
  & Pick<Values<typeof gridOptions>, "grid">
  & Partial<Values<typeof gridOptions>>;

/**
 * Reads the grid that options ask for.
 *
 * @param note Gets a line about each param that is text where numbers may have been meant.
 * @param input Returns standard input.
 * @throws {UsageError} If there is none, it is empty, a name comes twice, or it cannot be read.
 */
export async function readGrid(
  values: GridValues,
  note: (line: string) => void = () => {},
  input: () => Promise<string> = readInput,
): Promise<Grid> {
  if (values.grid.length === 0) {
    throw new UsageError("there is no grid: name the values of each param, as in -g seed=0..99");
  }
  const kinds = new TextKinds(values);
  const say = (line: string | undefined): void => {
    if (line !== undefined) note(`[stet] Note: ${line}`);
  };
  const readers = values.grid.filter(readsInput);
  if (readers.length > 1) {
    throw new UsageError(
      `${readers.map((text) => `-g ${text}`).join(" and ")} both read standard input`,
    );
  }
  const options: AxisOptions = {
    kindOf: kinds.of,
    input: readers.length > 0 ? await input() : undefined,
    keepsRepeats: (name) => values.zip?.some((group) => group.includes(name)) ?? false,
  };
  const sources: Source[] = [];
  const taken = new Set<string>();
  for (const text of values.grid) {
    const source = text.includes("=")
      ? axisOf(text, options, say)
      : await combinationsOf(text, options, kinds, say);
    for (const name of source.names) {
      if (taken.has(name)) throw new UsageError(`the grid names "${name}" twice; give it once`);
      taken.add(name);
    }
    sources.push(source);
  }
  kinds.checkNames([...taken]);
  return narrowGrid(sources, values, say);
}

async function combinationsOf(
  file: string,
  { input = "" }: AxisOptions,
  kinds: TextKinds,
  note: (line: string | undefined) => void,
): Promise<Factor> {
  if (file !== "-") return await readCombinations(file, kinds, note);
  const { withInputFile } = await import("./input_file.ts"); // loads SQLite
  return await withInputFile(input, (path) => readCombinations(path, kinds, note, "-"));
}

function axisOf(
  text: string,
  options: AxisOptions,
  note: (line: string | undefined) => void,
): Source {
  const at = text.indexOf("=") + 1;
  const { name, kind } = splitKind(text.slice(0, at - 1));
  const isText = (kind ?? options.kindOf?.(name)) === "text";
  const distribution = isText
    ? undefined
    : asAxisUsage(text, () => readDistribution(text.slice(at)));
  if (distribution) {
    asAxisUsage(text, () => checkParamName(name));
    return { names: [name], parts: [], draw: distribution };
  }
  const [, choice] = isText ? [] : /^\s*choice:(.*)$/s.exec(text.slice(at)) ?? [];
  const factor = factorOf(choice === undefined ? text : text.slice(0, at) + choice, options, note);
  return choice === undefined ? factor : { ...factor, draw: true };
}

function factorOf(
  text: string,
  options: AxisOptions,
  note: (line: string | undefined) => void,
): Factor {
  const [name, values, axis] = readAxis(text, options);
  note(axis.note);
  const spelled = new Map<number, Record<string, string>>();
  if (axis.spelled.size > 0) {
    for (const [i, value] of values.entries()) {
      const written = axis.spelled.get(writeCell(value)) ?? argumentText(value);
      if (written !== argumentText(value)) spelled.set(i, { [name]: written });
    }
  }
  const parts = values.map((value) => ({ [name]: value }));
  return { names: [name], parts, spelled, open: axis.kind ? [] : [name] };
}

/** Runs a body; its errors are those of an axis. */
function asAxisUsage<T>(text: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw new UsageError(`-g ${text}: ${messageOf(error)}`, { cause: error });
  }
}
