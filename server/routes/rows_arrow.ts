import { writeCell } from "../../core/values/cell.ts";
import { StoreError } from "../../core/errors.ts";
import type { Selected } from "../../core/tools/select_rows.ts";
import type { Row, Value } from "../../core/values/value.ts";
import { type ApacheArrow, type ArrowType, loadArrow } from "../../packages/apache_arrow.ts";
import { type ArrowColumns, arrowStream } from "../../packages/arrow_stream.ts";

const BATCH_ROWS = 4096;

/** The common kind of a column's values. */
type Kind = "none" | "integer" | "number" | "boolean" | "text" | "mixed";

/** The result of a first reading of rows. */
export interface Survey {
  readonly kinds: ReadonlyMap<string, Kind>;
  readonly count: number;
}

/** Reads all rows for the kinds of their columns. */
export async function survey({ columns, rows }: Selected): Promise<Survey> {
  const kinds = new Map<string, Kind>(columns.map((name) => [name, "none"]));
  let count = 0;
  for await (const row of rows()) {
    count++;
    for (const name of Object.keys(row)) {
      kinds.set(name, united(kinds.get(name) ?? "none", kindOf(row[name]!)));
    }
  }
  return { kinds, count };
}

/**
 * Returns rows as an Arrow IPC stream. Integers are `int64`, other numbers `float64`, booleans `bool`, texts
 * `utf8`; a column that mixes them is `utf8` of cell text. `null` and absent values are null.
 *
 * @param surveyed The survey of the same rows; rows added since are left out.
 * @throws {StoreError} If rows were changed otherwise since.
 */
export async function* rowsArrow(
  { columns, rows }: Selected,
  { kinds, count }: Survey,
): AsyncGenerator<Uint8Array> {
  const arrow = await loadArrow();
  const known = columns.map((name) => ({ name, kind: kinds.get(name) ?? "none" }));
  const fields = known.map(({ name, kind }) => new arrow.Field(name, typeOf(arrow, kind), true));
  const dataOf = (batch: readonly Row[]): ArrowColumns => ({
    length: batch.length,
    columns: known.map(({ name, kind }) => {
      const values = batch.map((row) =>
        Object.hasOwn(row, name) ? arrowValue(row[name]!, kind, name) : null
      );
      return arrow.vectorFromArray(values, typeOf(arrow, kind)).data[0]!;
    }),
  });

  async function* batches(): AsyncGenerator<ArrowColumns> {
    if (count === 0) return yield dataOf([]); // it brings the schema
    let batch: Row[] = [];
    let left = count;
    for await (const row of rows()) {
      batch.push(row);
      left--;
      if (left > 0 && batch.length < BATCH_ROWS) continue;
      yield dataOf(batch);
      if (left === 0) return;
      batch = [];
    }
    throw new StoreError("Cannot send the rows: some were removed meanwhile");
  }

  yield* arrowStream(arrow, fields, batches());
}

function kindOf(value: Value): Kind {
  switch (typeof value) {
    case "string":
      return "text";
    case "boolean":
      return "boolean";
    case "number":
      return Number.isSafeInteger(value) ? "integer" : "number";
    case "bigint":
      return BigInt.asIntN(64, value) === value ? "integer" : "mixed";
    default:
      return value === null ? "none" : "mixed";
  }
}

function united(one: Kind, other: Kind): Kind {
  if (one === other || other === "none") return one;
  if (one === "none") return other;
  const isNumber = (kind: Kind): boolean => kind === "integer" || kind === "number";
  return isNumber(one) && isNumber(other) ? "number" : "mixed";
}

function typeOf(arrow: ApacheArrow, kind: Kind): ArrowType {
  const { Int64: integer, Float64: number, Bool: boolean, Utf8 } = arrow;
  const types: Partial<Record<Kind, new () => ArrowType>> = { integer, number, boolean };
  return new (types[kind] ?? Utf8)();
}

function arrowValue(value: Value, kind: Kind, name: string): unknown {
  if (value === null) return null;
  if (kind === "mixed") return writeCell(value);
  if (united(kind, kindOf(value)) !== kind) {
    throw new StoreError(`Cannot send the rows: column "${name}" was changed meanwhile`);
  }
  if (kind === "integer") return BigInt(value as number | bigint);
  return kind === "number" ? Number(value) : value;
}
