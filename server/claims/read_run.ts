import { checkColumn, checkParamName, ELAPSED, NAMESPACE } from "../../core/values/columns.ts";
import { messageOf } from "../../core/errors.ts";
import { decodeJsonRow, encodeJsonRow } from "../../core/values/json_row.ts";
import { type Key, keyOf, type KeyShape, keyShape } from "../../core/keys/key.ts";
import { resultColumns } from "../../core/runs/result.ts";
import { toRow } from "../../core/values/to_row.ts";
import type { Row } from "../../core/values/value.ts";
import type { KeyFields, RecordRequest, RunFields, WireRow } from "../../core/contract/wire.ts";
import { BoundedMap } from "../bounded_map.ts";
import { invalidRequest } from "../routes/problem.ts";

/** The shape of a key that is not declared. */
const OPEN = keyShape(undefined);
/** The newest shapes, by their declaration. */
const shapes = new BoundedMap<KeyShape>(64);

/** Returns the key of a request's params. @throws {ProblemError} If a name may not be a param. */
export function readKey({ params, ...fields }: RunFields): Key {
  for (const name of Object.keys(params)) {
    if (name !== NAMESPACE) checking(`params.${name}`, () => checkParamName(name));
  }
  return keyOf(readShape(fields), decodeJsonRow(params));
}

/** Returns the key shape that a request declares. */
function readShape({ key, defaults }: KeyFields): KeyShape {
  if (key === undefined && defaults === undefined) return OPEN;
  const name = JSON.stringify(key) + (defaults === undefined ? "" : encodeJsonRow(defaults));
  let shape = shapes.get(name);
  if (!shape) {
    for (const [i, each] of (key ?? []).entries()) checking(`key.${i}`, () => checkColumn(each));
    for (const each of Object.keys(defaults ?? {})) {
      checking(`defaults.${each}`, () => checkParamName(each));
    }
    shape = keyShape(key, defaults && decodeJsonRow(defaults));
    shapes.set(name, shape);
  }
  return shape;
}

/** Returns the row that a request records. */
export function readRow(request: RecordRequest): Row {
  const { row, params = {}, result, elapsed_seconds: seconds } = request;
  if (row) return checkedRow(row, "row");
  const { values } = readKey({ ...request, params });
  return {
    ...decodeJsonRow(params), // params outside the key too
    ...values,
    ...resultColumns(result),
    ...seconds !== undefined && { [ELAPSED]: Math.round(seconds * 1e6) / 1e6 },
  };
}

/** Returns the key of the row that a request records. */
export function readRowKey(request: RecordRequest, row: Row): Key {
  const { params } = request;
  return params ? readKey({ ...request, params }) : keyOf(readShape(request), row);
}

/** Returns the row in a request. @throws {ProblemError} If no store can keep it; names the place. */
export function checkedRow(row: WireRow, path: string): Row {
  return checking(path, () => toRow(decodeJsonRow(row)));
}

function checking<T>(path: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw invalidRequest([{ path, message: messageOf(error) }]);
  }
}
