import fs from "node:fs";
import path from "node:path";
import { messageOf, StoreError } from "../../core/errors.ts";
import { atExit, notAtExit } from "../../core/runtime/at_exit.ts";
import { removeUnfinishedStore } from "../../core/tools/make_whole.ts";
import { putInPlace } from "../../core/tools/put_in_place.ts";
import type { Selected } from "../../core/tools/select_rows.ts";
import type { Row } from "../../core/values/value.ts";
import { writePlainParquet } from "../../query/write_plain_parquet.ts";
import { UsageError } from "../usage_error.ts";
import { rowsText, type TextFormat } from "./rows_text.ts";
import { writeOutput } from "./write_output.ts";

/** Formats by extension. */
const FORMATS: Readonly<Record<string, TextFormat | "parquet">> = {
  ".csv": "csv",
  ".json": "json",
  ".jsonl": "ndjson",
  ".ndjson": "ndjson",
  ".parquet": "parquet",
};

/**
 * Returns the format of a file of plain values by its extension.
 *
 * @throws {UsageError} If there is none.
 */
export function plainFormat(file: string): TextFormat | "parquet" {
  const format = FORMATS[path.extname(file).toLowerCase()];
  if (format) return format;
  throw new UsageError(
    `--plain writes ${Object.keys(FORMATS).join(", ")}, got "${path.basename(file)}"`,
  );
}

/**
 * Writes rows to a file in plain values, and returns their number. The file is there when all is written,
 * and not before.
 *
 * @throws {StoreError} If it is there already and `force` is not set, or it cannot be written.
 */
export async function writePlainFile(
  file: string,
  { rows, columns }: Selected,
  force: boolean,
): Promise<number> {
  if (!force && fs.existsSync(file)) {
    throw new StoreError(
      `Cannot write "${file}": it is there already; choose another name, or have it replaced (--force)`,
    );
  }
  try {
    fs.accessSync(path.dirname(path.resolve(file)), fs.constants.W_OK);
  } catch (error) {
    throw new StoreError(`Cannot write "${file}": ${messageOf(error)}`, { cause: error });
  }
  const format = plainFormat(file);
  const name = `.stet-${crypto.randomUUID()}-${path.basename(file)}`;
  const unfinished = path.join(path.dirname(file), name);
  const clean = (): void => removeUnfinishedStore(unfinished);
  let count = 0;
  async function* counted(): AsyncGenerator<Row> {
    count = 0;
    for await (const row of rows()) {
      count++;
      yield row;
    }
  }
  atExit(clean);
  try {
    if (format === "parquet") await writePlainParquet(unfinished, counted, columns);
    else await writeOutput(rowsText(counted(), columns, format, true), unfinished);
    sync(unfinished);
    putInPlace(file, unfinished, force);
    return count;
  } finally {
    notAtExit(clean);
    clean();
  }
}

function sync(file: string): void {
  const fd = fs.openSync(file, "r+");
  fs.fsyncSync(fd);
  fs.closeSync(fd);
}
