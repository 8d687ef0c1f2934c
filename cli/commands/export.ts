import { closeAfter } from "../../core/runtime/close_after.ts";
import { engineOf } from "../../core/contract/adapted_backend.ts";
import { createExport } from "../../core/tools/export_store.ts";
import { type Selection, selectRows } from "../../core/tools/select_rows.ts";
import { openExisting } from "../../core/contract/open_existing.ts";
import { asUsage } from "../as_usage.ts";
import { columnList } from "../grids/column_list.ts";
import { type Command, UsageError } from "../command.ts";
import { exitOnInterrupt } from "../terminal/exit_on_interrupt.ts";
import { registry } from "../registry.ts";
import { isTextFormat, rowsText, TEXT_FORMATS } from "../terminal/rows_text.ts";
import { writeOutput } from "../terminal/write_output.ts";

const write = createExport(registry);

/** `stet export`. */
export const exportCommand: Command = {
  summary: "a store in another format, to a file or standard output",
  help:
    `Usage: stet export store -o file [--where condition] [--columns columns] [--append | --force]
       stet export store --format csv|json|ndjson

Writes the rows of a store to another one, of the kind that its extension says; values keep their
types. The file is there when all is written, and not before. Any store can be exported, also while it
is in use.

  -o, --output file     where to
  --append              add to a store that is there already
  --force               replace one that is there already
  --format format       print to standard output: csv, json or ndjson (JSON with plain texts)
  --where condition     only rows for which it holds (see: stet ls --help)
  --columns columns     only these columns, in this order

Examples:
  stet export runs.csv -o runs.sqlite
  stet export runs.sqlite -o good.json --where "result.accuracy > 0.9" --columns alpha,result.accuracy
  stet export runs.csv --format ndjson | head -1`,
  options: {
    output: { type: "string", short: "o" },
    append: { type: "boolean" },
    force: { type: "boolean" },
    format: { type: "string" },
    where: { type: "string" },
    columns: { type: "string" },
  },
  async run(values, positionals, { log }): Promise<void> {
    const { output, append = false, force = false, format, where, columns } = values;
    const [store, ...rest] = positionals;
    if (store === undefined || rest.length > 0) {
      throw new UsageError(`expected one store to export, got ${positionals.length}`);
    }
    const selection: Selection = {
      ...where !== undefined && { where: String(where) },
      ...columns !== undefined && { columns: columnList("--columns", columns) },
    };
    if ((output === undefined) === (format === undefined)) {
      throw new UsageError(
        "say where to: a file (-o runs.sqlite), or a format for standard output (--format csv)",
      );
    }
    if (format !== undefined) return await print(store, selection, format);
    if (append && force) throw new UsageError("--append and --force exclude each other");
    const to = String(output);
    const options = { ...selection, append: append === true, force: force === true };
    const count = await exitOnInterrupt(() => asUsage(() => write(store, to, options)));
    log(`[stet] ${count} rows written to ${to}`);
  },
};

async function print(store: string, selection: Selection, format: unknown): Promise<void> {
  if (!isTextFormat(format)) {
    throw new UsageError(
      `--format must be one of ${TEXT_FORMATS.join(", ")}, got "${format}"; other formats need a ` +
        `file: -o runs.sqlite`,
    );
  }
  const backend = engineOf(await openExisting(registry, store, {}));
  await closeAfter(async () => {
    const { rows, columns } = await asUsage(() => selectRows(backend, selection));
    await writeOutput(rowsText(rows(), columns, format));
  }, () => backend.close());
}
