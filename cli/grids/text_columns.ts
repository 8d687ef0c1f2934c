import type { Engine } from "../../core/contract/engine.ts";
import type { Row, Value } from "../../core/values/value.ts";

/** Maximum number of rows that are read to find the kind of a column. */
const MAX_SAMPLE = 1000;

/**
 * Returns the columns that hold only text in the failures and the first 1,000 rows of a store.
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
  for (const { params } of await backend.failures()) look(params);
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
