import { counted } from "../../core/display/counted.ts";
import { type ExportOptions, exportStore } from "../../core/tools/export_store.ts";
import { type Selection, selectRows } from "../../core/tools/select_rows.ts";
import { withStore } from "../../core/contract/open_existing.ts";
import { type Command, command } from "../command.ts";
import { columns } from "../grids/column_list.ts";
import { flag, given, option, required, text, whereOption } from "../options.ts";
import { registry } from "../registry.ts";
import { exitOnInterrupt } from "../terminal/exit_on_interrupt.ts";
import { isSameFile } from "../terminal/is_same_file.ts";
import { rowsText, TEXT_FORMATS } from "../terminal/rows_text.ts";
import { writeOutput } from "../terminal/write_output.ts";
import { plainFormat, writePlainFile } from "../terminal/write_plain_file.ts";
import { asUsage, UsageError } from "../usage_error.ts";

/** `stet export`. */
export const exportCommand: Command = command({
  name: "export",
  summary: "a store in another format, to a file or standard output",
  usage: [
    "store -o file [--append | --force] [--plain] [options]",
    "store --format csv|json|ndjson [--plain] [options]",
  ],
  about:
    `Writes the rows of a store to another one, of the kind that its extension says; values keep their
     types. The file is there when all is written, and not before. Any store can be exported, also while
     it is in use.`,
  arguments: { store: required("store", "one store to export") },
  options: {
    output: option(text("file"), "where to", { short: "o" }),
    append: flag("add to a store that is there already"),
    force: flag("replace one that is there already"),
    plain: flag(
      `for other programs: texts as they are, null as nothing; to .csv, .json, .jsonl or .parquet. It does
       not read back as the same values`,
    ),
    format: option(
      text("format"),
      "print to standard output: csv, json or ndjson (JSON with plain texts)",
    ),
    where: whereOption("rows"),
    columns: option(columns, "only these columns, in this order"),
  },
  examples: [
    "runs.csv -o runs.sqlite",
    `runs.sqlite -o a.json --where "result.loss < 0.1" --columns seed`,
    "runs.csv --format ndjson | head -1",
    "runs.csv --plain -o answers.csv",
  ],
  async run({ store, output, append, force, format, plain, ...rest }, { log }): Promise<void> {
    const selection = given(rest);
    if ((output === undefined) === (format === undefined)) {
      throw new UsageError(
        "say where to: a file (-o runs.sqlite), or a format for standard output (--format csv)",
      );
    }
    if (output === undefined) return await print(store, selection, format!, plain);
    if (append && force) throw new UsageError("--append and --force exclude each other");
    const options = { ...selection, append, force };
    const count = await exitOnInterrupt(() =>
      asUsage(() =>
        plain ? exportPlain(store, output, options) : exportStore(registry, store, output, options)
      )
    );
    log(`[stet] ${counted(count, "row")} written to ${output}`);
  },
});

async function exportPlain(
  store: string,
  file: string,
  { append, force = false, ...selection }: ExportOptions,
): Promise<number> {
  if (append) throw new UsageError("--append and --plain exclude each other");
  if (isSameFile(file, store)) {
    throw new UsageError(`--output must name another file than the store, got "${file}"`);
  }
  plainFormat(file); // before the store is opened
  return await withStore(
    registry,
    store,
    {},
    async (backend) => writePlainFile(file, await selectRows(backend, selection), force),
  );
}

async function print(
  store: string,
  selection: Selection,
  text: string,
  isPlain: boolean,
): Promise<void> {
  const format = TEXT_FORMATS.find((each) => each === text);
  if (!format) {
    throw new UsageError(
      `--format must be one of ${TEXT_FORMATS.join(", ")}, got "${text}"; other formats need a ` +
        `file: -o runs.sqlite`,
    );
  }
  await withStore(registry, store, {}, async (backend) => {
    const { rows, columns } = await asUsage(() => selectRows(backend, selection));
    await writeOutput(rowsText(rows(), columns, format, isPlain));
  });
}
