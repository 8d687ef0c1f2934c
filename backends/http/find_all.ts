import type { BatchFindRequest } from "../../core/contract/wire.ts";
import type { Key } from "../../core/keys/key.ts";
import type { Row } from "../../core/values/value.ts";
import type { SidecarClient } from "./http_client.ts";
import { keyFieldsOf } from "./request_text.ts";

/** Maximum number of keys in a request, and of the characters of their texts. */
export const MAX_KEYS = 1_000, MAX_TEXT = 2 ** 20;

/** A key to look up, and the columns that are needed of its row. */
export interface Look extends Pick<BatchFindRequest, "only"> {
  readonly key: Key;
}

/** Returns the row of each key, by a request for each series of keys of one shape. */
export async function findAll(
  client: SidecarClient,
  looks: readonly Look[],
): Promise<(Row | undefined)[]> {
  const rows: (Row | undefined)[] = [];
  for (let start = 0; start < looks.length;) {
    const { key: { shape }, only } = looks[start]!;
    let end = start + 1;
    while (looks[end]?.key.shape === shape && looks[end]!.only === only) end++;
    const batch = looks.slice(start, end).map(({ key }) => key.values);
    rows.push(
      ...await client.findBatch({ batch, ...keyFieldsOf(shape), ...only && { only } }),
    );
    start = end;
  }
  return rows;
}
