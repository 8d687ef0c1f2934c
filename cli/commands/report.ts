import { gitState } from "../../figures/report/git_state.ts";
import { reportTime } from "../../figures/report/report.ts";
import { FIGURES } from "../../figures/report/report_svg.ts";
import type { ReportFacts } from "../../figures/report/report_facts.ts";
import type { View } from "../../figures/view.ts";
import { shownLocation } from "../../core/runtime/shown_location.ts";
import { type Command, command } from "../command.ts";
import { count, oneOf, option, storeArgument, text } from "../options.ts";
import { viewOfStore } from "../results/view_of_store.ts";
import { queryOf, viewOptions } from "../results/view_options.ts";
import { isSameFile } from "../terminal/is_same_file.ts";
import { writeOutput } from "../terminal/write_output.ts";
import { UsageError } from "../usage_error.ts";
import { VERSION } from "../../core/runtime/version.ts";

const FORMATS = ["html", "svg", "md"] as const;
type Format = typeof FORMATS[number];

/** `stet report`. */
export const report: Command = command({
  name: "report",
  summary: "the figures of a store as one file to send: HTML, SVG or Markdown",
  about:
    `Writes best configurations, what matters, effects, a heat map, failures and times into one file. HTML
     needs no script and no network, is at most 300 kB, and can be printed or sent by mail; the data of
     each figure is a table in it.`,
  arguments: { store: storeArgument },
  options: {
    output: option(text("file"), "where to, by its extension .html, .svg or .md; - prints it", {
      short: "o",
      default: "report.html",
    }),
    format: option(
      oneOf("format", FORMATS),
      "html, svg or md (default: what the file's extension says, else html)",
    ),
    figure: option(oneOf("name", FIGURES), `only one figure, as SVG: ${FIGURES.join(", ")}`),
    ...viewOptions,
    title: option(text("text"), "the heading (default: the name of the store)"),
    rows: option(count(0), "the most rows of a table of data", { default: "200" }),
  },
  examples: [
    "runs.csv",
    `runs.csv -o loss.html -m loss --over seed --title "Learning rates"`,
    "runs.csv -o - --format md",
    "runs.csv -o heat.svg --figure heat",
  ],
  async run(
    { store, output: file, format, figure, title, rows, ...values },
    { error },
  ): Promise<void> {
    const as = formatOf(file, format, figure !== undefined);
    if (isSameFile(file, store)) {
      throw new UsageError(`--output must name another file than the store, got "${file}"`);
    }
    const view = await viewOfStore(store, queryOf(values));
    const facts: ReportFacts = {
      title: title ?? view.progress.store,
      command: commandOf(store, values),
      time: reportTime(new Date()),
      git: await gitState(store),
      version: VERSION,
      rows,
    };
    const content = figure === undefined
      ? await reportOf(view, facts, as)
      : await figureOf(view, figure);
    await writeOutput([content], file === "-" ? undefined : file);
    const bytes = new TextEncoder().encode(content).length;
    if (file !== "-") error(`[stet] wrote ${file}, ${Math.ceil(bytes / 1000)} kB`);
  },
});

function formatOf(file: string, format: Format | undefined, isFigure: boolean): Format {
  const [, extension = ""] = /\.(\w+)$/.exec(file.toLowerCase()) ?? [];
  const found = format ?? FORMATS.find((it) => it === extension) ??
    (extension === "htm" ? "html" : extension === "markdown" ? "md" : undefined) ??
    (file === "-" ? isFigure ? "svg" : "html" : undefined);
  if (found === undefined) {
    throw new UsageError(`--output must end in .html, .svg or .md, or be -, got "${file}"`);
  }
  if (isFigure && found !== "svg") throw new UsageError("--figure makes an SVG: -o figure.svg");
  return found;
}

async function reportOf(view: View, facts: ReportFacts, format: Format): Promise<string> {
  switch (format) {
    case "html":
      return (await import("../../figures/report/report_html.ts")).reportHtml(view, facts);
    case "svg":
      return (await import("../../figures/report/report_svg.ts")).reportSvg(view, facts);
    case "md":
      return (await import("../../figures/report/report_markdown.ts")).reportMarkdown(view, facts);
  }
}

async function figureOf(view: View, figure: typeof FIGURES[number]): Promise<string> {
  const { figureSvg } = await import("../../figures/report/report_svg.ts");
  const svg = figureSvg(view, figure);
  if (svg === undefined) throw new UsageError(`the store has no figure "${figure}"`);
  return svg;
}

/** Returns the command line that makes the figures again. */
function commandOf(store: string, values: Readonly<Record<string, unknown>>): string {
  const options = Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, String(value)]
  );
  return ["stet", "report", shownLocation(store), ...options].map(quoted).join(" ");
}

function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
