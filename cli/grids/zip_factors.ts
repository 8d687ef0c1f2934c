import type { Factor } from "../../core/grids/grid.ts";
import { united } from "../../core/grids/grid.ts";
import { checkLengths, zipParts } from "../../core/grids/zip_parts.ts";
import { writeCell } from "../../core/values/cell.ts";
import { entryOf } from "../../core/values/value.ts";

/**
 * Returns the factors of a grid with each group of names as one: their first parts together, then their second
 * ones, and so on. It takes the place of the first of them.
 *
 * @throws {RangeError} If a name is not there or comes twice, or the factors are not of one length.
 */
export function zipFactors(
  factors: readonly Factor[],
  groups: readonly (readonly string[])[],
): readonly Factor[] {
  if (groups.length === 0) return factors;
  zipParts(factors.flatMap(({ names }) => names), groups);
  const indexOf = (name: string): number => factors.findIndex(({ names }) => names.includes(name));
  // The columns of a file are one factor.
  const indexes = groups.map((group) => [...new Set(group.map(indexOf))].map(String));
  return zipParts(Object.keys(factors), indexes).map((members) => {
    const zipped = members.map((index) => factors[Number(index)]!);
    return zipped.length === 1 ? zipped[0]! : zip(zipped);
  });
}

function zip(factors: readonly Factor[]): Factor {
  checkLengths(factors.map(({ names, parts }) => [names.join(","), parts.length]));
  const names = factors.flatMap((factor) => factor.names);
  const parts = new Map<string, Factor["parts"][number]>();
  const spelled = new Map<number, Readonly<Record<string, string>>>();
  for (let i = 0; i < factors[0]!.parts.length; i++) {
    const part = united(factors.map((factor) => factor.parts[i]!));
    const cells = names.map((name) => entryOf(part, name));
    const text = cells.map((cell) => cell === undefined ? "" : writeCell(cell)).join("\x1f");
    if (parts.has(text)) continue;
    const written = Object.assign({}, ...factors.map((factor) => factor.spelled?.get(i)));
    if (Object.keys(written).length > 0) spelled.set(parts.size, written);
    parts.set(text, part);
  }
  return {
    names,
    parts: [...parts.values()],
    spelled,
    open: factors.flatMap(({ open = [] }) => open),
  };
}
