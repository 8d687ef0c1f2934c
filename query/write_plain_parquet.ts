import type { ValueBatch } from "../core/contract/engine.ts";
import { plainText } from "../core/values/json_row.ts";
import type { Row, Value } from "../core/values/value.ts";
import type { ColumnType } from "../duckdb/column_type.ts";
import { sqlName, sqlString } from "../duckdb/sql_text.ts";
import { typedCell } from "../duckdb/typed_cell.ts";
import { COPIED, copyRows } from "./copy_rows.ts";
import { Session } from "./session.ts";

/** Maximum number of rows of a batch. */
const BATCH_ROWS = 2048;

/**
 * Writes rows to a Parquet file for other programs: numbers, booleans and times in columns of their types, texts
 * as they are, arrays and objects as JSON. Absent and null are NULL.
 *
 * @param rows Reads the rows; again if a column has texts after numbers.
 */
export async function writePlainParquet(
  file: string,
  rows: () => AsyncIterable<Row>,
  names: readonly string[],
): Promise<void> {
  const session = await Session.open();
  try {
    await session.restrict({ files: [], allowFiles: true });
    const source = { valueBatches: () => plainBatches(rows(), names) };
    const columns = await copyRows(source, session, names, () => {}, plainCell);
    const selected = columns.map(({ name, value }) => `${value} AS ${sqlName(name)}`).join(", ");
    await session.connection.run(
      `COPY (SELECT ${selected} FROM ${COPIED}) TO ${sqlString(file)} (FORMAT parquet)`,
    );
  } finally {
    session.close();
  }
}

async function* plainBatches(
  rows: AsyncIterable<Row>,
  names: readonly string[],
): AsyncGenerator<ValueBatch> {
  let batch: (Value | undefined)[][] = [];
  for await (const row of rows) {
    batch.push(names.map((name) => Object.hasOwn(row, name) ? plainValue(row[name]!) : undefined));
    if (batch.length < BATCH_ROWS) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** Returns a number, a boolean, null, or a text that UTF-8 can spell. */
function plainValue(value: Value): Value {
  const isKept = value === null || typeof value === "number" || typeof value === "boolean" ||
    typeof value === "bigint" && BigInt.asIntN(64, value) === value;
  return isKept ? value : plainText(value).toWellFormed();
}

/** Returns the SQL of a cell whose column has this type; in one of mixed values too, a text is itself. */
function plainCell(cell: string, type: ColumnType): string {
  if (type.kind !== "text") return typedCell(cell, type);
  return `CASE WHEN ${cell} IN ('True', 'False') THEN lower(${cell}) ` +
    `ELSE ${typedCell(cell, { kind: "string" })} END`;
}
