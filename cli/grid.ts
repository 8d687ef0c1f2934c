import { expandGrid } from "../core/expand_grid.ts";
import { type Row, setEntry, type Value } from "../core/value.ts";
import { readAxis } from "./axis.ts";
import { UsageError, type Values } from "./command.ts";
import { readCombinations } from "./read_combinations.ts";

/** What a grid is made of: params that change together. */
export interface Factor {
  readonly names: readonly string[];
  /** What the params can be; of an axis, one name in each. */
  readonly parts: readonly Row[];
}

/** The combinations that a command line asks for. */
export interface Grid {
  /** The names of the params. */
  readonly names: readonly string[];
  /** How many combinations there are. */
  readonly count: number;
  /** Each combination is one part of every factor; the last factor changes fastest. */
  readonly factors: readonly Factor[];
  /** The combinations, made as they are asked for; each time from the beginning. */
  readonly combinations: Iterable<Row>;
}

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

/** The grid of some factors. */
export function gridOf(factors: readonly Factor[]): Grid {
  return {
    names: factors.flatMap(({ names }) => names),
    count: factors.reduce((count, { parts }) => count * parts.length, 1),
    factors,
    combinations: { [Symbol.iterator]: () => combine(factors) },
  };
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

function* combine(factors: readonly Factor[]): Generator<Row> {
  const axes = Object.fromEntries(factors.map(({ parts }, i) => [`f${i}`, parts]));
  for (const parts of expandGrid<Record<string, readonly Row[]>>(axes)) {
    const combination: Row = {};
    for (const part of Object.values(parts)) {
      for (const name of Object.keys(part)) setEntry(combination, name, part[name]!);
    }
    yield combination;
  }
}
