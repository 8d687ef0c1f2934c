import fs from "node:fs";
import process from "node:process";
import { messageOf, StoreError } from "../../core/errors.ts";
import { tableText } from "../../core/tools/table_text.ts";
import type { Row } from "../../core/values/value.ts";
import { createQuery, createQueryToParquet, type QueryOptions } from "../../query/query.ts";
import type { QueryResult } from "../../query/query_result.ts";
import { resultArrow } from "../../query/result_arrow.ts";
import { resultText } from "../../query/result_text.ts";
import { type Command, type Output, UsageError, type Values } from "../command.ts";
import { registry } from "../registry.ts";
import { writeOutput } from "../terminal/write_output.ts";

const FORMATS = ["table", "csv", "json", "ndjson", "parquet", "arrow"] as const;
type Format = typeof FORMATS[number];

/** Extensions that are not called as their format. */
const EXTENSIONS: Readonly<Record<string, Format>> = {
  jsonl: "ndjson",
  arrows: "arrow",
  feather: "arrow",
};

/** How many rows a table shows unless another number is asked for. */
const MOST_ROWS = 1000;

const ask = createQuery(registry);
const askToParquet = createQueryToParquet(registry);

/** `stet query`. */
export const query: Command = {
  summary: "SQL over a store",
  help: `Usage: stet query store sql [--format format] [-o file] [-n count]

Runs SQL that only reads. The store is the table runs; saved results are its struct result, as in
result.accuracy. Needs the package @duckdb/node-api.

  --format format   table, csv, json, ndjson, parquet or arrow (default: what the file's extension says,
                    else table)
  -o, --output file write to a file instead of standard output; Arrow as a stream, but as a file to
                    .arrow and .feather
  -n, --limit count the most rows (default: all; a table shows ${MOST_ROWS})
  --timeout time    stop after this time: 500ms, 30s, 5m
  --allow-files     let the SQL read files, as in read_csv('results/*.csv', filename=true)

Examples:
  stet query runs.csv "SELECT alpha, avg(result.accuracy) FROM runs GROUP BY 1"
  stet query runs.csv "FROM runs WHERE seed < 3" --format ndjson | head -1
  stet query runs.sqlite "FROM runs" -o runs.parquet`,
  options: {
    format: { type: "string" },
    output: { type: "string", short: "o" },
    limit: { type: "string", short: "n" },
    timeout: { type: "string" },
    "allow-files": { type: "boolean" },
  },
  async run(values, positionals, output): Promise<void> {
    const [store, sql, ...rest] = positionals;
    if (store === undefined || sql === undefined || rest.length > 0) {
      throw new UsageError(
        `expected a store and the SQL in quotes, got ${positionals.length} words`,
      );
    }
    const file = values["output"] as string | undefined;
    const format = formatOf(values, file);
    if (file !== undefined && isSameFile(file, store)) {
      throw new UsageError(`--output must name another file than the store, got "${file}"`);
    }
    const options = optionsOf(values);
    if (format === "table") {
      const maxRows = options.maxRows ?? MOST_ROWS;
      await printTable(await ask(store, sql, { ...options, maxRows }), file, output);
    } else if (format === "parquet") {
      if (file === undefined) {
        throw new UsageError("--format parquet needs a file: -o rows.parquet");
      }
      await askToParquet(store, sql, file, options);
    } else {
      const result = await ask(store, sql, options);
      const form = /\.(?:arrow|feather)$/i.test(file ?? "") ? "file" : "stream";
      const isArrow = format === "arrow";
      await writeAll(isArrow ? resultArrow(result, form) : resultText(result, format), file);
    }
  },
};

function formatOf({ format }: Values, file: string | undefined): Format {
  const extension = /\.(\w+)$/.exec(file ?? "")?.[1]?.toLowerCase();
  const named = format ?? (EXTENSIONS[extension ?? ""] ?? extension);
  const found = FORMATS.find((each) => each === named);
  if (found) return found;
  if (format === undefined) return "table";
  throw new UsageError(`--format must be one of ${FORMATS.join(", ")}, got "${format}"`);
}

function isSameFile(file: string, store: string): boolean {
  const [a, b] = [file, store].map((path) => fs.statSync(path, { throwIfNoEntry: false }));
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino;
}

function optionsOf(values: Values): QueryOptions {
  const { limit, timeout } = values;
  return {
    ...limit === undefined ? {} : { maxRows: countOf(String(limit)) },
    ...timeout === undefined ? {} : { timeout: millisecondsOf(String(timeout)) },
    allowFiles: values["allow-files"] === true,
  };
}

function countOf(text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count > 0) return count;
  throw new UsageError(`--limit must be a whole number from 1 up, got "${text}"`);
}

function millisecondsOf(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text) ?? [];
  const milliseconds = Math.round(Number(number) * ({ ms: 1, s: 1000, m: 60_000 }[unit!] ?? NaN));
  if (milliseconds > 0) return milliseconds;
  throw new UsageError(`--timeout must be a time such as 500ms, 30s or 5m, got "${text}"`);
}

async function printTable(
  result: QueryResult,
  file: string | undefined,
  { log, error }: Output,
): Promise<void> {
  const rows = await result.rows() as Row[];
  // NULL is shown as what it is in a store: nothing.
  const shown = rows.map((row) =>
    Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null))
  );
  const names = result.columns.map(({ name }) => name);
  const width = file === undefined ? process.stdout.columns : undefined;
  const lines = tableText(shown, names, width);
  if (file !== undefined) writing(file, () => fs.writeFileSync(file, `${lines.join("\n")}\n`));
  else for (const line of lines) log(line);
  if (result.isCut) error(`the first ${rows.length} rows; --limit shows more`);
}

async function writeAll(
  pieces: AsyncIterable<string | Uint8Array>,
  file: string | undefined,
): Promise<void> {
  if (file === undefined) return await writeOutput(pieces);
  const fd = writing(file, () => fs.openSync(file, "w"));
  try {
    for await (const piece of pieces) writing(file, () => fs.writeFileSync(fd, piece));
  } finally {
    fs.closeSync(fd);
  }
}

function writing<T>(file: string, write: () => T): T {
  try {
    return write();
  } catch (error) {
    throw new StoreError(`Cannot write "${file}": ${messageOf(error)}`, { cause: error });
  }
}
