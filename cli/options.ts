import { DEFAULT_STORE } from "../core/contract/registry.ts";
import { UsageError } from "./usage_error.ts";

/** An option of a command. */
export interface Option<T> {
  readonly help: string;
  /** Name of its value in the help; undefined for a flag. */
  readonly value?: string;
  /** The words that its value may be, if they are few. */
  readonly words?: readonly string[] | undefined;
  /** The letter of its short form. */
  readonly short?: string;
  /** Text of its value where it is not given. */
  readonly default?: string;
  /** True if it may be given more than once. */
  readonly isRepeated?: true;
  /** True if its value may begin with a dash; `"--"` if it may be options of another program. */
  readonly isSigned?: boolean | "--";
  /** Returns the value for the texts given, in order. @param flag Its name as it was typed. */
  read(texts: readonly string[], flag: string): T;
}

/** A positional argument of a command, or the program after `--`. */
export interface Argument<T> {
  /** Its form in the usage: `store`, `[store]`, `name=value ...`. */
  readonly usage: string;
  /** Its name in the error about a wrong number of arguments. */
  readonly expects?: string;
  /** The smallest and largest number of texts. */
  readonly count: readonly [least: number, most: number];
  /** True for the texts that are of this argument and no other. Default: the next text is. */
  matches?(text: string): boolean;
  /** The words that it may be, if they are few. */
  readonly words?: readonly string[];
  /** True if it is all texts after `--`. */
  readonly isProgram?: boolean;
  read(texts: readonly string[]): T;
}

/** Options by name in camel case; the flag of `retryDelay` is `--retry-delay`. */
export type Options = Readonly<Record<string, Option<unknown>>>;

/** Arguments by name, in order. */
export type Arguments = Readonly<Record<string, Argument<unknown>>>;

/** The values of options or arguments, by name. */
export type Values<Declared> = {
  readonly [Name in keyof Declared]: Declared[Name] extends Option<infer T> | Argument<infer T> ? T
    : never;
};

/** Kind of the value of an option. */
export interface Kind<T> {
  /** Name of the value in the help. */
  readonly value: string;
  /** The words that it may be, if they are few. */
  readonly words?: readonly string[];
  /** @throws {UsageError} If the text is none; names the flag as it was typed. */
  read(text: string, flag: string): T;
}

type Init = Pick<Option<unknown>, "short" | "isSigned">;

/** An option without a value. */
export function flag(help: string, init: Init = {}): Option<boolean> {
  return { ...init, help, read: (texts) => texts.length > 0 };
}

/** An option with a value. */
export function option<T>(
  kind: Kind<T>,
  help: string,
  init: Init & { readonly default: string },
): Option<T>;
export function option<T>(kind: Kind<T>, help: string, init?: Init): Option<T | undefined>;
export function option<T>(
  { value, words, read }: Kind<T>,
  help: string,
  init: Pick<Option<T>, "short" | "isSigned" | "default"> = {},
): Option<T | undefined> {
  const readOne = ([text = init.default]: readonly string[], flag: string): T | undefined =>
    text === undefined ? undefined : read(text, flag);
  return { ...init, value, words, help, read: readOne };
}

/** An option that may be given more than once. */
export function repeated<T>(
  { value, read }: Kind<T>,
  help: string,
  init: Init = {},
): Option<readonly T[]> {
  const readAll = (texts: readonly string[], flag: string): T[] =>
    texts.map((text) => read(text, flag));
  return { ...init, value, help, isRepeated: true, read: readAll };
}

/** Any text. */
export function text(value: string): Kind<string> {
  return { value, read: (text) => text };
}

/** A whole number within bounds. */
export function count(least: number, most = Infinity, value = "count"): Kind<number> {
  return {
    value,
    read(text, flag): number {
      const number = Number(text);
      const isFit = /^\d+$/.test(text) && Number.isSafeInteger(number);
      if (isFit && number >= least && number <= most) return number;
      const bounds = most === Infinity ? `${least} up` : `${least} to ${most}`;
      throw new UsageError(`${flag} must be a whole number from ${bounds}, got "${text}"`);
    },
  };
}

/** One word of several. */
export function oneOf<const Word extends string>(
  value: string,
  words: readonly Word[],
): Kind<Word> {
  return {
    value,
    words,
    read(text, flag): Word {
      const word = words.find((each) => each === text);
      if (word !== undefined) return word;
      const list = words.length === 2 ? words.join(" or ") : `one of ${words.join(", ")}`;
      throw new UsageError(`${flag} must be ${list}, got "${text}"`);
    },
  };
}

/** A store that is not named is the default one. */
export const storeArgument: Argument<string> = {
  usage: "[store]",
  expects: "one store",
  count: [0, 1],
  read: ([store = DEFAULT_STORE]) => store,
};

/** One argument that must be there. */
export function required(usage: string, expects: string): Argument<string> {
  return { usage, expects, count: [1, 1], read: ([text]) => text! };
}

/** `--where`, for rows or other entries. */
export function whereOption(what: string): Option<string | undefined> {
  return option(text("condition"), `only ${what} for which it holds (see: stet ls --help)`);
}

/** Returns the entries that are not undefined: an optional field of the library is absent. */
export function given<T extends object>(
  entries: T,
): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  const found = Object.entries(entries).filter(([, value]) => value !== undefined);
  return Object.fromEntries(found) as { [Name in keyof T]?: Exclude<T[Name], undefined> };
}
