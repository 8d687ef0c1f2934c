import type { Command } from "../command.ts";
import { flagOf } from "../parse_arguments.ts";
import { splitWords } from "../runs/split_words.ts";
import { type Known, knownIn } from "./known_in.ts";

/** A word that completes a command line. */
export interface Completion {
  readonly word: string;
  readonly help?: string;
}

/** Marks a place for the name of a file, which the shell completes. */
export const FILES: Completion = { word: ":files" };

/** Place for a value, of an option or of an argument. */
interface Place {
  /** Name of the value in the help. */
  readonly value: string;
  readonly words?: readonly string[] | undefined;
}

/**
 * Returns the words that complete a command line: commands, options, their words, and names and values of
 * params from its store.
 *
 * @param line The command line up to the cursor, as a shell reads it.
 */
export async function complete(
  line: string,
  commands: Readonly<Record<string, () => Promise<Command>>>,
): Promise<Completion[]> {
  const [, ...words] = wordsOf(line);
  const current = words.pop() ?? "";
  return (await candidates(words, current, commands))
    .filter((each) => each === FILES || each.word.startsWith(current));
}

async function candidates(
  words: readonly string[],
  current: string,
  commands: Readonly<Record<string, () => Promise<Command>>>,
): Promise<Completion[]> {
  const [name = ""] = words;
  if (words.length === 0 || words.length === 1 && name === "help") {
    const all = await Promise.all(Object.values(commands).map((load) => load()));
    const flags = ["--help", "--version"].map((word) => ({ word }));
    return [
      ...all.map(({ name, summary }) => ({ word: name, help: summary })),
      ...name === "help" ? [] : flags,
    ];
  }
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!load) return [];
  if (words.includes("--")) return [FILES];
  const command = await load();
  const flag = flagOfValue(command, words.at(-1));
  if (!flag && current.startsWith("-")) return optionsOf(command, current);
  const places = flag
    ? [flag]
    : Object.values(command.arguments).filter(({ isProgram }) => !isProgram)
      .map(({ usage, words }) => ({ value: usage.replace(/^\[|\]$/g, ""), words }));
  const found = await Promise.all(
    places.map((place) => wordsAt(place, current, () => knownIn(command, words))),
  );
  return found.flat();
}

/** Returns the words of a command line; one that is unfinished is the last. */
function wordsOf(line: string): string[] {
  for (const end of ["", "'", '"', "\\"]) {
    try {
      const words = splitWords(line + end, "");
      return end === "" && /(?:^|\s)$/.test(line) ? [...words, ""] : words;
    } catch {
      // A quote that is still open.
    }
  }
  return [];
}

/** Returns the option whose value is the next word. */
function flagOfValue({ options }: Command, word = ""): Place | undefined {
  for (const [name, { value, short, words }] of Object.entries(options)) {
    if (value === undefined) continue;
    if (word === `--${flagOf(name)}` || short && word === `-${short}`) return { value, words };
  }
  return undefined;
}

function optionsOf({ options }: Command, current: string): Completion[] {
  const flags = Object.entries(options).map(([name, { help, words }]) => ({
    word: `--${flagOf(name)}`,
    help: help.replace(/\s+/g, " "),
    words,
  }));
  const [flag] = current.split("=", 1);
  const given = flags.find(({ word }) => current.includes("=") && word === flag);
  if (given) return (given.words ?? []).map((word) => ({ word: `${flag}=${word}` }));
  return [...flags.map(({ word, help }) => ({ word, help })), { word: "--help" }];
}

async function wordsAt(
  { value, words }: Place,
  current: string,
  known: () => Promise<Known>,
): Promise<Completion[]> {
  if (words) return words.map((word) => ({ word }));
  if (/^(?:columns|names)$/.test(value)) {
    const before = current.slice(0, current.lastIndexOf(",") + 1);
    return (await known()).columns.map((word) => ({ word: before + word }));
  }
  if (/^(?:result|param)\b/.test(value)) {
    const { columns, names } = await known();
    const results = columns.filter((name) => /^result(?:\.|$)/.test(name))
      .map((name) => name.replace(/^result\./, ""));
    const wanted = [
      ...value.startsWith("result") ? results : [],
      ...value.includes("param") ? names : [],
    ];
    return wanted.map((word) => ({ word }));
  }
  if (value.startsWith("name=")) {
    const { names, values } = await known();
    const at = current.indexOf("=");
    if (at === -1) return names.map((name) => ({ word: `${name}=` }));
    const before = current.slice(0, Math.max(at, current.lastIndexOf(",")) + 1);
    return (await values(current.slice(0, at))).map((text) => ({ word: before + text }));
  }
  return /^(?:store|file|folder|module)/.test(value) ? [FILES] : [];
}
