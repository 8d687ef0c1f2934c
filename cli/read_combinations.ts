import { isReserved, TIMESTAMP } from "../core/columns.ts";
import { completeBackend } from "../core/complete_backend.ts";
import { messageOf } from "../core/errors.ts";
import { keyOf, keyShape } from "../core/key.ts";
import { openExisting } from "../core/status.ts";
import type { Row } from "../core/value.ts";
import { UsageError } from "./command.ts";
import type { Factor } from "../core/grid.ts";
import { readJsonRows } from "./read_json_rows.ts";
import { registry } from "./registry.ts";

/**
 * Gives the combinations in a file: a store of any kind, or a CSV, JSON array or JSON Lines without
 * stet's columns. Columns of results and of stet's own are left out, and so are combinations that
 * come twice.
 *
 * @throws {UsageError} If it cannot be read or there are none.
 */
export async function readCombinations(file: string): Promise<Factor> {
  const combinations = new Map<string, Row>();
  const shape = keyShape(undefined);
  try {
    for await (const row of rowsOf(file)) {
      const params = Object.fromEntries(Object.entries(row).filter(([name]) => !isReserved(name)));
      const { text } = keyOf(shape, params);
      if (text !== "" && !combinations.has(text)) combinations.set(text, params);
    }
  } catch (error) {
    throw new UsageError(
      `cannot read the combinations of -g ${file} (${messageOf(error)}); for the values of a ` +
        `param write name=values`,
      { cause: error },
    );
  }
  if (combinations.size === 0) {
    throw new UsageError(`-g ${file} has no combinations; it needs a row for each`);
  }
  const parts = [...combinations.values()];
  return { names: [...new Set(parts.flatMap((part) => Object.keys(part)))], parts };
}

async function* rowsOf(file: string): AsyncGenerator<Row> {
  const backend = completeBackend(await openExisting(registry, file, {}));
  try {
    // In the JSON of a store text that looks like a number is quoted twice; in other JSON it is not.
    const isStore = (await backend.columns()).includes(TIMESTAMP);
    if (isStore || !/\.(?:json|jsonl|ndjson)$/i.test(file)) yield* backend.rows();
    else yield* readJsonRows(backend.location);
  } finally {
    await backend.close();
  }
}
