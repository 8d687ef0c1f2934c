import type { Contender } from "./contenders.ts";
import { plot } from "./plot.ts";
import { timeText } from "./times.ts";

/** Measurements at one number of rows; times in microseconds. */
export interface Size {
  readonly rows: number;
  readonly look: number;
  readonly record: number;
  readonly resume: number;
  /** True if the resume was stopped at the limit; its time is then the limit. */
  readonly isStopped: boolean;
  /** Maximum resident memory of the resume, in MB. */
  readonly memory: number;
}

/** Measurements of a contender. */
export interface Result {
  readonly contender: Contender;
  readonly versions?: string;
  /** The reason that nothing was measured. */
  readonly skipped?: string;
  /** The reason that larger stores were not measured. */
  stopped?: string;
  readonly sizes: Size[];
  /** Processes on one grid. */
  grid?: { readonly runs: number; readonly seconds: number; readonly failed: number };
}

/** Times of a first sweep and of its resume, of programs; in microseconds. */
export interface Programs {
  readonly commands: number;
  readonly stet: readonly [number, number];
  readonly parallel?: readonly [number, number];
  readonly skipped?: string;
  readonly versions?: string;
}

/** All measurements, and where they were made. */
export interface Report {
  readonly results: readonly Result[];
  readonly programs: Programs;
  readonly processes: number;
  readonly grid: number;
  readonly limit: number;
  readonly machine: string;
  readonly load: number;
  readonly versions: string;
  readonly command: string;
}

type Measure = "look" | "record" | "resume" | "memory";

const titles: Readonly<Record<Measure, string>> = {
  look: "A call that is answered from the store",
  record: "A call that runs and is recorded",
  resume: "Resume of a finished sweep, every call in a new process",
  memory: "Memory of the resume, with the runtime",
};

function textOf(measure: Measure, value: number): string {
  return measure === "memory" ? `${Math.round(value).toLocaleString("en")} MB` : timeText(value);
}

/** Returns the page of a report, and its plots by file name. */
export function performancePage(
  report: Report,
): { readonly page: string; readonly pictures: Readonly<Record<string, string>> } {
  const measured = report.results.filter(({ sizes }) => sizes.length > 0);
  const pictures: Record<string, string> = {};
  const sections: string[] = [];
  for (const measure of Object.keys(titles) as Measure[]) {
    const title = titles[measure];
    const name = `compare_${measure}.svg`;
    pictures[name] = plot(
      title,
      (value) => textOf(measure, value),
      measured.map(({ contender, sizes }) => ({
        name: contender.name,
        isOurs: contender.isOurs ?? false,
        points: sizes.filter((size) => measure !== "resume" || !size.isStopped)
          .map((size) => [size.rows, size[measure]] as const),
      })),
    );
    sections.push(
      `## ${title}`,
      `![${title}, by number of rows](pictures/${name})`,
      tableOf(measured, measure),
      quickerText(measured, measure),
    );
  }
  const skipped = report.results.filter((result) => result.skipped ?? result.stopped);
  const { programs } = report;
  const page = [
    "# Performance, next to the alternatives",
    "This page is written by `" + report.command +
    "` ([bench/compare](../bench/compare)). All do the " +
    "same work: a function of three params (`alpha`, `seed`, `model`) that returns one number. Calls " +
    "are made one after the other.",
    `Machine: ${report.machine}. It was shared with other work (load ${
      report.load.toFixed(1)
    } at the ` +
    `end): times may be several times those of an idle machine, and differences below a factor of two mean nothing. JavaScript is measured on Node. Versions: ` +
    `${[report.versions, ...measured.map(({ versions }) => versions).filter(Boolean)].join(", ")}${
      programs.versions ? `, ${programs.versions}` : ""
    }.`,
    "## What a record means",
    table(
      ["", "when the call returns"],
      report.results.map(({ contender }) => [
        contender.name,
        contender.durability,
      ]),
    ),
    "Compare records of the same durability only. Memoizers do not keep params as columns, " +
    "and joblib.Memory, diskcache, keyv, cacache and the database by hand have no claims.",
    ...sections,
    `## ${report.processes} processes on one grid`,
    `${report.processes} processes start at once and go through the same ${report.grid} runs of 5 ms, in ` +
    "the same order. Repeats are runs that were done more than once. The time includes the start of the " +
    "processes.",
    table(
      ["", "runs", "repeats", "time", "processes that failed"],
      measured.flatMap(
        ({ contender, grid }) =>
          grid
            ? [[
              contender.name,
              `${grid.runs}`,
              `${grid.runs - report.grid}`,
              timeText(grid.seconds * 1e6),
              `${grid.failed}`,
            ]]
            : [],
      ),
    ),
    `## Programs`,
    `${programs.commands} times \`true\`, two at a time; then the same command again, with nothing left ` +
    "to do.",
    table(["", "first", "resume"], [
      ["stet run, CSV", ...programs.stet.map(timeText)],
      [
        "GNU parallel --joblog --resume",
        ...programs.parallel?.map(timeText) ??
          ["skipped", programs.skipped ?? ""],
      ],
    ]),
    ...programs.parallel ? [programsText(programs.stet, programs.parallel)] : [],
    "## Not measured",
    skipped.length === 0
      ? "Nothing was skipped."
      : skipped.map(({ contender, skipped, stopped }) =>
        `- ${contender.name}: ${(skipped ?? stopped)!.replaceAll(/(?<!`)[<>](?!`)/g, "")}`
      ).join("\n"),
  ].join("\n\n");
  return { page: `${page}\n`, pictures };
}

function tableOf(results: readonly Result[], measure: Measure): string {
  const counts = [...new Set(results.flatMap(({ sizes }) => sizes.map(({ rows }) => rows)))]
    .sort((a, b) => a - b);
  return table(
    ["rows", ...counts.map((rows) => rows.toLocaleString("en"))],
    results.map(({ contender, sizes }) => [
      contender.name,
      ...counts.map((rows) => {
        const size = sizes.find((size) => size.rows === rows);
        if (!size) return "";
        const isStopped = measure === "resume" && size.isStopped;
        return `${isStopped ? "> " : ""}${textOf(measure, size[measure])}`;
      }),
    ]),
  );
}

/** Names the contenders that are better than this project's default, at the largest common size. */
function quickerText(results: readonly Result[], measure: Measure): string {
  const own = results.find(({ contender }) => contender.isOurs);
  if (!own) return "";
  const better = results.filter(({ contender }) => !contender.isOurs).flatMap((result) => {
    const last = result.sizes.at(-1)!;
    const ours = own.sizes.find(({ rows }) => rows === last.rows);
    const isStopped = measure === "resume" && (ours?.isStopped || last.isStopped);
    if (!ours || isStopped || last[measure] >= ours[measure]) return [];
    const ratio = (ours[measure] / last[measure]).toFixed(1);
    return [`${result.contender.name} (${ratio} ×, ${last.rows.toLocaleString("en")} rows)`];
  });
  const [adverb, note] = measure === "memory" ? ["Smaller", ""] : [
    "Quicker",
    measure === "resume"
      ? " A time with > is the limit, at which the resume was stopped. The start of the runtime is not counted."
      : "",
  ];
  return `${adverb} than ${own.contender.name}: ${
    better.length > 0 ? better.join(", ") : "none"
  }.${note}`;
}

function programsText(ours: readonly [number, number], theirs: readonly [number, number]): string {
  const quicker = ["first", "resume"].filter((_, i) => theirs[i]! < ours[i]!);
  return quicker.length === 0
    ? "stet run is quicker in both."
    : `GNU parallel is quicker: ${quicker.join(" and ")}.`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
