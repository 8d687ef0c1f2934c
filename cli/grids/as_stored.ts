import { argumentText } from "../../core/values/argument_text.ts";
import type { Engine } from "../../core/contract/engine.ts";
import { type Factor, type Grid, gridOf } from "../../core/grids/grid.ts";
import type { Row, Value } from "../../core/values/value.ts";

/** Maximum number of rows that are read to find the kind of a column. */
const MAX_SAMPLE = 1000;

/**
 * Returns the grid with the kinds that a store has: where a column has nothing but text, the values of that param
 * are text as well, or a grid that has lost its `3.10` would run 3.9 again.
 *
 * @param note Gets a line about each param for which that is so.
 */
export async function asStored(
  grid: Grid,
  backend: Engine,
  note: (line: string) => void,
): Promise<Grid> {
  const open = grid.factors.flatMap(({ open = [], parts }) =>
    open.filter((name) => parts.some((part) => hasOther(part, name)))
  );
  if (open.length === 0) return grid;
  const texts = await textColumns(backend, open);
  if (texts.size === 0) return grid;
  for (const name of texts) {
    note(
      `[stet] Note: ${name} is text, as in the store; ${name}:number=… or --number ${name} reads numbers`,
    );
  }
  const factors = grid.factors.map((factor) => {
    const names = factor.names.filter((name) => texts.has(name));
    return names.length === 0 ? factor : withTexts(factor, names);
  });
  return gridOf(factors, grid.places);
}

function withTexts(factor: Factor, names: readonly string[]): Factor {
  const parts = factor.parts.map((part, i) => {
    const texts = names.filter((name) => hasOther(part, name)).map((name) =>
      [name, factor.spelled?.get(i)?.[name] ?? argumentText(part[name]!)] as const
    );
    return { ...part, ...Object.fromEntries(texts) };
  });
  return { ...factor, parts };
}

function hasOther(part: Row, name: string): boolean {
  return Object.hasOwn(part, name) && isOtherScalar(part[name]!);
}

/**
 * Returns the columns that hold only text in the failures and the first 1,000 rows of a store. Of failures, only a
 * text that reads as a number says so (`3.10`): others may be of a grid that was written wrong (`0-9`).
 */
export async function textColumns(
  backend: Engine,
  names: readonly string[],
): Promise<ReadonlySet<string>> {
  const texts = new Set<string>();
  const others = new Set<string>();
  const look = (row: Row): void => {
    for (const name of names) {
      if (Object.hasOwn(row, name)) (typeof row[name] === "string" ? texts : others).add(name);
    }
  };
  for (const { params } of await backend.failures()) {
    const isKind = ([, value]: readonly [string, Value]): boolean =>
      typeof value !== "string" || !Number.isNaN(Number(value));
    look(Object.fromEntries(Object.entries(params).filter(isKind)));
  }
  let count = 0;
  for await (const row of backend.rows({ columns: names })) {
    look(row);
    if (++count === MAX_SAMPLE || others.size === names.length) break;
  }
  return new Set([...texts].filter((name) => !others.has(name)));
}

/** True for a number, boolean or null. */
export function isOtherScalar(value: Value): boolean {
  return typeof value !== "string" && (typeof value !== "object" || value === null);
}
