import type { MaybePromise } from "../core/backend.ts";
import type { CompleteBackend } from "../core/complete_backend.ts";
import type { Row } from "../core/value.ts";

interface Since {
  readonly mark: string;
  readonly isWhole: boolean;
  readonly rows: Iterable<Row> | AsyncIterable<Row>;
}

/** Interim: until backends have `rowsSince`. */
export async function rowsSince(
  backend: CompleteBackend,
  mark: string | undefined,
): Promise<Since> {
  const own = (backend as { rowsSince?: (mark?: string) => MaybePromise<Since> }).rowsSince;
  if (own) return await own.call(backend, mark);
  const rows: Row[] = [];
  for await (const row of backend.rows()) rows.push(row);
  const before = Number(mark ?? 0);
  const isWhole = mark === undefined || rows.length < before;
  return { mark: `${rows.length}`, isWhole, rows: isWhole ? rows : rows.slice(before) };
}
