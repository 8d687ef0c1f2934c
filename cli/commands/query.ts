import { counted } from "../../core/display/counted.ts";
import process from "node:process";
import { tableText } from "../../core/display/table_text.ts";
import type { Row } from "../../core/values/value.ts";
import { query as ask, queryToParquet } from "../../query/query.ts";
import { QueryError } from "../../query/query_error.ts";
import type { QueryResult } from "../../query/query_result.ts";
import { resultArrow } from "../../query/result_arrow.ts";
import { resultText } from "../../query/result_text.ts";
import { type Command, command, type Output } from "../command.ts";
import { DEFAULT_STORE } from "../../core/contract/registry.ts";
import {
  type Argument,
  count,
  flag,
  given,
  oneOf,
  option,
  type Options,
  text,
  type Values,
} from "../options.ts";
import { registry } from "../registry.ts";
import { readSeconds } from "../runs/read_seconds.ts";
import { isSameFile } from "../terminal/is_same_file.ts";
import { writeOutput } from "../terminal/write_output.ts";
import { UsageError } from "../usage_error.ts";

const FORMATS = ["table", "csv", "json", "ndjson", "parquet", "arrow"] as const;
type Format = typeof FORMATS[number];

/** Formats of extensions with another name. */
const EXTENSIONS: Readonly<Record<string, Format>> = {
  jsonl: "ndjson",
  arrows: "arrow",
  feather: "arrow",
};

/** Maximum number of rows of a table unless `--limit` says another. */
const MAX_TABLE_ROWS = 1000;

const args = {
  store: {
    usage: "[store]",
    expects: "a store and the SQL in quotes",
    count: [1, 2],
    read([first = "", sql]): { readonly store: string; readonly sql: string } {
      if (sql !== undefined) return { store: first, sql };
      if (/\s/.test(first.trim())) return { store: DEFAULT_STORE, sql: first };
      throw new UsageError(`expected a store and the SQL in quotes, got "${first}"`);
    },
  } satisfies Argument<unknown>,
};

const options = {
  format: option(
    oneOf("format", FORMATS),
    `table, csv, json, ndjson, parquet or arrow (default: what the file's extension says, else table)`,
  ),
  output: option(
    text("file"),
    `write to a file instead of standard output; Arrow as a stream, but as a file to .arrow and
     .feather`,
    { short: "o" },
  ),
  limit: option(count(1), `the most rows (default: all; a table shows ${MAX_TABLE_ROWS})`, {
    short: "n",
  }),
  timeout: option({ value: "time", read: milliseconds }, "stop after this time: 500ms, 30s, 5m"),
  allowFiles: flag("let the SQL read files, as in read_csv('results/*.csv', filename=true)"),
} as const satisfies Options;

/** `stet query`. */
export const query: Command = command({
  name: "query",
  summary: "SQL over a store",
  usage: ["[store] sql [--format format] [-o file] [-n count] [options]"],
  about:
    `Runs SQL that only reads. The store is the table runs; saved results are its struct result, as in
     result.accuracy. Needs the package @duckdb/node-api.`,
  arguments: args,
  options,
  exitCode1: "the SQL took longer than --timeout",
  examples: [
    'runs.csv "SELECT alpha, avg(result.accuracy) FROM runs GROUP BY 1"',
    'runs.csv "FROM runs WHERE seed < 3" --format ndjson | head -1',
    'runs.sqlite "FROM runs" -o runs.parquet',
  ],
  async run(values, output): Promise<number> {
    try {
      await write(values, output);
      return 0;
    } catch (error) {
      if (!(error instanceof QueryError)) throw error;
      if (error.message.startsWith("Cannot run")) {
        throw new UsageError(error.message, { cause: error });
      }
      output.error(`stet: ${error.message}`); // it took too long
      return 1;
    }
  },
});

/** Runs the SQL and writes its result. */
async function write(
  { store: { store, sql }, output: file, limit, ...values }:
    & Values<typeof args>
    & Values<typeof options>,
  output: Output,
): Promise<void> {
  const { timeout, allowFiles, format = formatOf(file) } = values;
  if (file !== undefined && isSameFile(file, store)) {
    throw new UsageError(`--output must name another file than the store, got "${file}"`);
  }
  const limits = { allowFiles, ...given({ timeout, maxRows: limit }) };
  if (format === "table") {
    const result = await ask(registry, store, sql, { maxRows: MAX_TABLE_ROWS, ...limits });
    await printTable(result, file, output);
  } else if (format === "parquet") {
    if (file === undefined) {
      throw new UsageError("--format parquet needs a file: -o rows.parquet");
    }
    await queryToParquet(registry, store, sql, file, limits);
  } else {
    const result = await ask(registry, store, sql, limits);
    const form = /\.(?:arrow|feather)$/i.test(file ?? "") ? "file" : "stream";
    const isArrow = format === "arrow";
    await writeOutput(isArrow ? resultArrow(result, form) : resultText(result, format), file);
  }
}

/** The format that the extension of a file says. Default: a table. */
function formatOf(file = ""): Format {
  const extension = /\.(\w+)$/.exec(file)?.[1]?.toLowerCase() ?? "";
  return FORMATS.find((each) => each === (EXTENSIONS[extension] ?? extension)) ?? "table";
}

function milliseconds(text: string, flag: string): number {
  if (/^\d+(?:\.\d+)?(?:ms|s|m)$/.test(text)) return Math.round(readSeconds(text, flag) * 1000);
  throw new UsageError(`${flag} must be a time such as 500ms, 30s or 5m, got "${text}"`);
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
  const width = file === undefined ? process.stdout.columns || undefined : undefined;
  const lines = tableText(shown, names, { width });
  if (file !== undefined) await writeOutput([`${lines.join("\n")}\n`], file);
  else for (const line of lines) log(line);
  if (result.isCut) error(`the first ${counted(rows.length, "row")}; --limit shows more`);
}
