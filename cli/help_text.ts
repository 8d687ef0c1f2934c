import type { Command } from "./command.ts";
import { flagOf } from "./parse_arguments.ts";

const WIDTH = 80;

/** Returns the help of a command. */
export function helpText(command: Command): string {
  const { name, about, notes = [], exitCode1, examples } = command;
  const forms = command.usage ?? [
    [...Object.values(command.arguments).map(({ usage }) => usage), "[options]"].join(" "),
  ];
  return [
    forms.map((form, i) => `${i === 0 ? "Usage:" : "      "} stet ${name} ${form}`).join("\n"),
    wrapped(about),
    optionLines(command).join("\n"),
    ...notes.map((note) => wrapped(note)),
    ...exitCode1 === undefined ? [] : [wrapped(`Exit code 1: ${exitCode1}.`)],
    ["Examples:", ...examples.map((line) => `  stet ${name}${line && ` ${line}`}`)].join("\n"),
  ].join("\n\n");
}

/** Returns the help of `stet` itself. */
export function overviewText(commands: readonly Command[]): string {
  const lines = commands.map(({ name, summary }) => columns(`  ${name}`, summary, 15));
  return `stet runs every combination once.

Usage: stet <command> [store] [options]

${lines.join("\n")}

The store is the file where runs are remembered; without one it is
_stet_store.csv. stet help run, or stet run --help, explains a command;
stet --version prints the version. Exit codes: 0 done, 1 some runs failed,
2 wrong command line, 3 the store cannot be used, 130 interrupted (Ctrl-C),
143 ended (SIGTERM).`;
}

function optionLines({ options }: Command): string[] {
  const all = Object.entries(options);
  const hasShort = all.some(([, { short }]) => short);
  const lines = all.map(([name, option]) => {
    const short = option.short ? `-${option.short}, ` : hasShort ? "    " : "";
    const value = option.value === undefined ? "" : ` ${option.value}`;
    const fallback = option.default === undefined ? "" : ` (default ${option.default})`;
    const help = `${option.help}${fallback}${option.isRepeated ? " (repeatable)" : ""}`;
    return [`  ${short}--${flagOf(name)}${value}`, help] as const;
  });
  const width = Math.max(...lines.map(([flag]) => flag.length)) + 3;
  return lines.map(([flag, help]) => columns(flag, help, width));
}

/** Two columns: a name, and a text next to it. */
function columns(name: string, text: string, width: number): string {
  const lines = wrapped(text, WIDTH - width).split("\n");
  return lines.map((line, i) => (i === 0 ? name : "").padEnd(width) + line).join("\n");
}

/** Breaks paragraphs into lines of at most so many characters; blank lines are kept. */
function wrapped(text: string, width = WIDTH): string {
  return text.split("\n\n").map((paragraph) => {
    const lines: string[] = [];
    for (const word of paragraph.trim().split(/\s+/)) {
      const line = `${lines.at(-1)} ${word}`;
      if (lines.length > 0 && line.length <= width) lines[lines.length - 1] = line;
      else lines.push(word);
    }
    return lines.join("\n");
  }).join("\n\n");
}
