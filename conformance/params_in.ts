import type { Backend } from "../core/contract/backend.ts";
import { TIMESTAMP } from "../core/values/columns.ts";
import type { Row } from "../core/values/value.ts";

/** A row without the time at which it was recorded. */
export function withoutTimestamp(row: Row): Row {
  const { [TIMESTAMP]: _, ...params } = row;
  return params;
}

/** All rows, without the time at which they were recorded. */
export async function paramsIn(backend: Pick<Backend, "load">): Promise<Row[]> {
  return (await backend.load()).map(withoutTimestamp);
}
