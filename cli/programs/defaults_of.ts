import type { Engine } from "../../core/contract/engine.ts";
import type { Grid } from "../../core/grids/grid.ts";
import { argumentText } from "../../core/values/argument_text.ts";
import { nearestName } from "../../core/values/nearest_name.ts";
import type { Row, Value } from "../../core/values/value.ts";
import { type Pair, valuesOf } from "../grids/read_pair.ts";
import { UsageError } from "../usage_error.ts";

/**
 * Returns the values that rows without these params count as having, of the kind that the grid has.
 *
 * @throws {UsageError} If a name is no param of the grid.
 */
export async function defaultsOf(
  pairs: readonly Pair[],
  grid: Grid,
  backend: Engine,
): Promise<Row> {
  for (const { name } of pairs) {
    if (grid.names.includes(name)) continue;
    const nearest = nearestName(name, grid.names);
    const hint = nearest === undefined
      ? `the params are ${grid.names.join(", ")}`
      : `did you mean "${nearest}"?`;
    throw new UsageError(`--default names "${name}", which the grid does not have; ${hint}`);
  }
  const read = await valuesOf(pairs, backend);
  const written = pairs.map((pair) => [pair.name, writtenValue(pair, grid) ?? read[pair.name]!]);
  return Object.fromEntries(written);
}

/** Returns the value of the grid that is written like the default. */
function writtenValue({ name, text, kind }: Pair, grid: Grid): Value | undefined {
  if (kind !== undefined) return undefined;
  for (const { names, parts, spelled } of grid.factors) {
    if (!names.includes(name)) continue;
    const index = parts.findIndex((part, i) =>
      part[name] !== undefined &&
      (spelled?.get(i)?.[name] ?? argumentText(part[name])) === text.trim()
    );
    return parts[index]?.[name];
  }
  return undefined;
}
