import { counted } from "../../core/display/counted.ts";
import { exportStore } from "../../core/tools/export_store.ts";
import { type Selection, selectRows } from "../../core/tools/select_rows.ts";
import { withStore } from "../../core/contract/open_existing.ts";
import { type Command, command } from "../command.ts";
import { columns } from "../grids/column_list.ts";
import { flag, given, option, required, text, whereOption } from "../options.ts";
import { registry } from "../registry.ts";
import { exitOnInterrupt } from "../terminal/exit_on_interrupt.ts";
import { rowsText, TEXT_FORMATS } from "../terminal/rows_text.ts";
import { writeOutput } from "../terminal/write_output.ts";
import { asUsage, UsageError } from "../usage_error.ts";

/** `stet export`. */
export const exportCommand: Command = command({
  name: "export",
  summary: "a store in another format, to a file or standard output",
  usage: [
    "store -o file [--append | --force] [options]",
    "store --format csv|json|ndjson [options]",
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
  ],
  async run({ store, output, append, force, format, ...rest }, { log }): Promise<void> {
    const selection = given(rest);
    if ((output === undefined) === (format === undefined)) {
      throw new UsageError(
        "say where to: a file (-o runs.sqlite), or a format for standard output (--format csv)",
      );
    }
    if (output === undefined) return await print(store, selection, format!);
    if (append && force) throw new UsageError("--append and --force exclude each other");
    const options = { ...selection, append, force };
    const count = await exitOnInterrupt(() =>
      asUsage(() => exportStore(registry, store, output, options))
    );
    log(`[stet] ${counted(count, "row")} written to ${output}`);
  },
});

async function print(store: string, selection: Selection, text: string): Promise<void> {
  const format = TEXT_FORMATS.find((each) => each === text);
  if (!format) {
    throw new UsageError(
      `--format must be one of ${TEXT_FORMATS.join(", ")}, got "${text}"; other formats need a ` +
        `file: -o runs.sqlite`,
    );
  }
  await withStore(registry, store, {}, async (backend) => {
    const { rows, columns } = await asUsage(() => selectRows(backend, selection));
    await writeOutput(rowsText(rows(), columns, format));
  });
}
