import { argumentText } from "../../core/values/argument_text.ts";
import { type Factor, type Grid, gridOf } from "../../core/grids/grid.ts";
import { writeCell } from "../../core/values/cell.ts";
import { readAxis } from "./axis.ts";
import { type Options, repeated, text, type Values } from "../options.ts";
import { UsageError } from "../usage_error.ts";
import { columnLists } from "./column_list.ts";
import { readCombinations } from "./read_combinations.ts";
import { TextKinds } from "./text_kinds.ts";

/** The options of a grid. */
export const gridOptions = {
  grid: repeated(
    text("name=values"),
    `the values of a param; several -g are multiplied. Or a file with the combinations: a CSV with a
     column for each param, a JSON array of objects, JSON Lines, or a store`,
    { short: "g" },
  ),
  text: columnLists("names", "the values of these params are text, as with -g name:text=values"),
  number: columnLists("names", "they are numbers, as with -g name:number=values"),
} as const satisfies Options;

/** Paragraph of `--help` about grids. */
export const gridNote =
  `Values: 0.1,0.5; adam,sgd; 0..19; 0..100..10; lin:0..1:5; log:1e-4..1e-1:7; true,null. A value is a
number only if its text loses nothing by that: 7, 0.5, 1e-4; but 007, +15, 3.10, 1.0, 12E3 and 1e400 are
text. Where one value of a param, or of a column of a CSV, is text, all are: 3.9,3.10 are two texts, and
so are None,small. Text that looks like something else is quoted: '"1"', '"a,b"'. Arrays are JSON:
[64,64],[128].`;

/** Values of {@linkcode gridOptions}. */
export type GridValues =
  & Pick<Values<typeof gridOptions>, "grid">
  & Partial<Values<typeof gridOptions>>;

/**
 * Reads the grid that options ask for.
 *
 * @param note Gets a line about each param that is text where numbers may have been meant.
 * @throws {UsageError} If there is none, it is empty, a name comes twice, or it cannot be read.
 */
export async function readGrid(
  values: GridValues,
  note: (line: string) => void = () => {},
): Promise<Grid> {
  if (values.grid.length === 0) {
    throw new UsageError("there is no grid: name the values of each param, as in -g seed=0..99");
  }
  const kinds = new TextKinds(values);
  const say = (line: string | undefined): void => {
    if (line !== undefined) note(`[stet] Note: ${line}`);
  };
  const factors: Factor[] = [];
  const taken = new Set<string>();
  for (const text of values.grid) {
    const factor = text.includes("=")
      ? axisOf(text, kinds, say)
      : await readCombinations(text, kinds, say);
    for (const name of factor.names) {
      if (taken.has(name)) throw new UsageError(`the grid names "${name}" twice; give it once`);
      taken.add(name);
    }
    factors.push(factor);
  }
  kinds.checkNames([...taken]);
  return gridOf(factors);
}

function axisOf(text: string, kinds: TextKinds, note: (line: string | undefined) => void): Factor {
  const [name, values, axis] = readAxis(text, kinds.of);
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
