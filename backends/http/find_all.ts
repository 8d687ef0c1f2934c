import type { BatchFindRequest } from "../../core/contract/wire.ts";
import type { Key } from "../../core/keys/key.ts";
import type { Row } from "../../core/values/value.ts";
import type { SidecarClient } from "./http_client.ts";
import { keyFieldsOf } from "./request_text.ts";

/** Maximum number of keys in a request, and of the characters of their texts. */
export const MAX_KEYS = 1_000;
const MAX_TEXT = 2 ** 20;

/** A key to look up, and the columns that are needed of its row. */
export interface Look extends Pick<BatchFindRequest, "only"> {
  readonly key: Key;
}

/** Returns the row of each key, in as few requests as hold them: keys of one request have one shape. */
export async function findAll(
  client: SidecarClient,
  looks: readonly Look[],
): Promise<(Row | undefined)[]> {
  const rows: (Row | undefined)[] = [];
  for (let start = 0; start < looks.length;) {
    const { key: { shape }, only } = looks[start]!;
    let end = start;
    for (let text = 0; end < looks.length && text < MAX_TEXT; end++) {
      const { key, only: other } = looks[end]!;
      if (key.shape !== shape || other !== only) break;
      text += key.text.length;
    }
    const batch = looks.slice(start, end).map(({ key }) => key.values);
    rows.push(
      ...await client.findBatch({ batch, ...keyFieldsOf(shape), ...only && { only } }),
    );
    start = end;
  }
  return rows;
}
