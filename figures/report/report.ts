import { isKnown, withStore } from "../../core/contract/open_existing.ts";
import type { Engine } from "../../core/contract/engine.ts";
import {
  DEFAULT_STORE,
  locationText,
  type Registry,
  type StoreOptions,
} from "../../core/contract/registry.ts";
import { shownLocation } from "../../core/runtime/shown_location.ts";
import { VERSION } from "../../core/runtime/version.ts";
import type { View, ViewQuery } from "../view.ts";
import { bestWords } from "./best_words.ts";
import { countWords } from "./head_words.ts";
import { gitState } from "./git_state.ts";
import { readView } from "./read_view.ts";
import type { ReportFacts } from "./report_facts.ts";
import { figuresHtml, reportHtml } from "./report_html.ts";
import { reportMarkdown } from "./report_markdown.ts";
import { reportSvg } from "./report_svg.ts";

/** Options of {@linkcode report}. */
export interface ReportOptions extends Pick<StoreOptions, "backends"> {
  /** The result to look at, or `took`. Default: the first that varies. */
  readonly metric?: string;
  /** Which numbers of it are better. Default: by its name. */
  readonly better?: "lower" | "higher";
  /** Params to average over. Default: those named seed, fold, rep, repeat, trial or split. */
  readonly over?: readonly string[];
  /** Condition that the runs fulfil, as for `ls`. Default: all runs. */
  readonly where?: string;
  /** Namespace, in a store that several functions share. */
  readonly namespace?: string;
  /** The heading. Default: the name of the store. */
  readonly title?: string;
  /** The most rows of a table of data. Default: 200. */
  readonly rows?: number;
}

/** The figures of a store, as files; notebooks show them. */
export class Report {
  readonly #view: View;
  readonly #facts: ReportFacts;

  /** Made by `report`. */
  constructor(view: View, facts: ReportFacts) {
    this.#view = view;
    this.#facts = facts;
  }

  /** An HTML file that needs no script and no other file, of at most 300 kB. */
  get html(): string {
    return reportHtml(this.#view, this.#facts);
  }

  /** An SVG file with all figures, one under another. */
  get svg(): string {
    return reportSvg(this.#view, this.#facts);
  }

  /** Markdown, with figures as text. */
  get markdown(): string {
    return reportMarkdown(this.#view, this.#facts);
  }

  /** Shows the figures in a notebook (https://docs.deno.com/runtime/reference/cli/jupyter/). */
  [Symbol.for("Jupyter.display")](): Record<string, string> {
    const sentences = bestWords(this.#view).map((it) => it.map(({ text }) => text).join(""));
    return {
      "text/plain": [this.#facts.title, countWords(this.#view), ...sentences].join("\n"),
      "text/html": figuresHtml(this.#view),
    };
  }
}

/** Reads a store and returns its report; see `report` of mod.ts. */
export async function report(
  registry: Registry,
  store: string | URL = DEFAULT_STORE,
  { title, rows = 200, backends, over, ...choices }: ReportOptions = {},
): Promise<Report> {
  const query: ViewQuery = { ...choices, ...over === undefined ? {} : { over: over.join(",") } };
  const opened = backends === undefined ? {} : { backends };
  const view = await withStore(
    registry,
    store,
    opened,
    (engine) => readView(engine, query),
    isKnown,
  );
  const given = Object.keys(query).length === 0 ? "" : `, ${JSON.stringify(query)}`;
  return new Report(view, {
    title: title ?? view.progress.store,
    command: `report(${JSON.stringify(shownLocation(store))}${given})`,
    time: reportTime(new Date()),
    git: await gitState(locationText(store)),
    version: VERSION,
    rows,
  });
}

/** Number of rows up to which a notebook shows figures without being asked. */
const MAX_SHOWN_ROWS = 100_000;

/** Returns the figures of an open store as HTML for a notebook; empty if it has no rows. */
export async function storeFigures(engine: Engine): Promise<string> {
  if (!await engine.exists()) return "";
  const view = await readView(engine, {}, { maxRows: MAX_SHOWN_ROWS });
  if (view === undefined) return "<p>The store is large: report() draws its figures.</p>";
  if (view.rows === 0) return "";
  return figuresHtml(view);
}

/** Returns a time as a report shows it. */
export function reportTime(time: Date): string {
  return `${time.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
