import fs from "node:fs";
import path from "node:path";
import type { Failure } from "../../core/contract/backend.ts";
import { inOrder } from "../../core/keys/in_order.ts";
import { keyOf, keyShape } from "../../core/keys/key.ts";
import { NAMESPACE, namespaceIn } from "../../core/values/columns.ts";
import type { Row } from "../../core/values/value.ts";

/** A failure as it is shown. */
export interface ShownFailure extends Omit<Failure, "params"> {
  /** The text of its key. */
  readonly key: string;
  readonly params: Row;
  readonly namespace: string | undefined;
  /** The file with the program's output. */
  readonly log: string | undefined;
}

/**
 * Returns failures as they are shown.
 *
 * @param logs The folder of the programs' output.
 * @param columns Those of the store, in its order.
 */
export async function shownFailures(
  failures: readonly Failure[],
  logs: string,
  columns: readonly string[],
): Promise<ShownFailure[]> {
  const logOf = await logFinder(logs);
  return failures.map(({ params: key, ...failure }) => {
    const { [NAMESPACE]: _, ...params } = key;
    return {
      key: keyOf(keyShape(undefined), key).text,
      ...failure,
      params: inOrder(params, columns),
      namespace: namespaceIn(key),
      log: logOf(key),
    };
  });
}

async function logFinder(folder: string): Promise<(key: Row) => string | undefined> {
  if (!fs.existsSync(folder)) return () => undefined;
  const { hashRow } = await import("../../core/keys/hash_params.ts"); // slow to load, seldom needed
  return (key) => {
    const log = path.join(folder, `${hashRow(key)}.log`);
    return fs.existsSync(log) ? log : undefined;
  };
}
