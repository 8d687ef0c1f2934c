import { type Factor, type Grid, gridOf, united } from "../../core/grids/grid.ts";
import { type Distribution, sampleGrid } from "../../core/grids/sample_grid.ts";
import type { Where } from "../../core/tools/where.ts";
import { writeCell } from "../../core/values/cell.ts";
import { entryOf, type Row } from "../../core/values/value.ts";
import { notRead, readEnds } from "./axis_part.ts";

/** Maximum number of draws in a row that are repeats or do not pass the filter. */
const MAX_MISSES = 100_000;

/** A factor of a grid that may be drawn. */
export interface Source extends Factor {
  /** The distribution of its only param, which has no parts; or true if its parts are drawn. */
  readonly draw?: Distribution | true;
}

/**
 * Reads `uniform:0..1` or `loguniform:1e-4..1e-1`; undefined for other values.
 *
 * @throws {SyntaxError} If the ends are no numbers.
 */
export function readDistribution(values: string): Distribution | undefined {
  const text = values.trim();
  const [, word, rest = ""] = /^(uniform|loguniform):(.*)$/s.exec(text) ?? [];
  if (word === undefined) return undefined;
  const ends = readEnds(rest);
  if (!ends) throw notRead(text, `is not ${word}:low..high, as in ${word}:0.001..0.1`);
  return word === "uniform" ? { uniform: ends } : { logUniform: ends };
}

/**
 * Returns a grid of `count` different combinations, each param of which is drawn by itself, as
 * {@linkcode sampleGrid} does. It has fewer if 100,000 draws in a row are repeats or do not pass.
 *
 * @throws {TypeError} On a distribution that is none. @throws {RangeError} Likewise.
 */
export function drawGrid(
  sources: readonly Source[],
  count: number,
  seed: number,
  passes: Where = () => true,
): Grid {
  const spec: Record<string, Distribution | readonly number[]> = {};
  for (const source of sources) spec[nameOf(source)] = distributionOf(source);
  const names = sources.flatMap((source) => source.names);
  const rows = new Map<string, Row>();
  const spelled = new Map<number, Readonly<Record<string, string>>>();
  let misses = 0;
  for (const drawn of sampleGrid(spec, Number.MAX_SAFE_INTEGER, seed)) {
    const row = united(sources.map((source) => partOf(source, drawn[nameOf(source)]!)));
    const cells = names.map((name) => entryOf(row, name));
    const text = cells.map((cell) => cell === undefined ? "" : writeCell(cell)).join("\x1f");
    if (rows.has(text) || !passes(row)) {
      if (++misses === MAX_MISSES) break;
      continue;
    }
    misses = 0;
    const texts = sources.map((source) => source.spelled?.get(drawn[nameOf(source)]!));
    const written: Readonly<Record<string, string>> = Object.assign({}, ...texts);
    if (Object.keys(written).length > 0) spelled.set(rows.size, written);
    if (rows.set(text, row).size === count) break;
  }
  const open = sources.flatMap((source) => source.open ?? []);
  return gridOf([{ names, parts: [...rows.values()], spelled, open }]);
}

/** Returns the name that the random numbers of a source are made of: that of its param, if it has one. */
function nameOf({ names }: Source): string {
  return names.length === 1 ? names[0]! : JSON.stringify(names);
}

function distributionOf({ draw, parts }: Source): Distribution | readonly number[] {
  return typeof draw === "object" ? draw : parts.map((_, i) => i);
}

function partOf({ draw, names, parts }: Source, drawn: number): Row {
  return typeof draw === "object" ? { [names[0]!]: drawn } : parts[drawn]!;
}
