import { type Factor, type Grid, gridOf } from "../core/grid.ts";
import { type Row, setEntry, type Value } from "../core/value.ts";
import { readAxis } from "./axis.ts";
import { UsageError, type Values } from "./command.ts";
import { readCombinations } from "./read_combinations.ts";

/** The option that grids are given by. */
export const gridOptions = { grid: { type: "string", short: "g", multiple: true } } as const;

/** What `--help` says of it. */
export const gridHelp = `  -g, --grid name=values   the values of a param; several -g are multiplied
  -g, --grid file          combinations from a file: a CSV with a column for each param, a JSON
                           array of objects, JSON Lines, or a store

Values: 0.1,0.5   adam,sgd   0..19   0..100..10   lin:0..1:5   log:1e-4..1e-1:7   true,null
Text that looks like something else is quoted: '"1"', '"a,b"'. Arrays are JSON: [64,64],[128].`;

/**
 * Gives the grid that options ask for.
 *
 * @throws {UsageError} If there is none, it is empty, a name comes twice, or it cannot be read.
 */
export async function readGrid({ grid = [] }: Values): Promise<Grid> {
  const texts = grid as readonly string[]; // it is declared `multiple`
  if (texts.length === 0) {
    throw new UsageError("there is no grid: name the values of each param, as in -g seed=0..99");
  }
  const factors: Factor[] = [];
  const taken = new Set<string>();
  for (const text of texts) {
    const factor = text.includes("=") ? axisOf(text) : await readCombinations(text);
    for (const name of factor.names) {
      if (taken.has(name)) throw new UsageError(`the grid names "${name}" twice; give it once`);
      taken.add(name);
    }
    factors.push(factor);
  }
  return gridOf(factors);
}

function axisOf(text: string): Factor {
  const [name, values] = readAxis(text);
  return { names: [name], parts: values.map((value) => entry(name, value)) };
}

function entry(name: string, value: Value): Row {
  const row: Row = {};
  setEntry(row, name, value);
  return row;
}
