import { parseArgs } from "node:util";
import { nearestName } from "../core/values/nearest_name.ts";
import type { Command } from "./command.ts";
import type { Arguments, Option } from "./options.ts";
import { UsageError } from "./usage_error.ts";

/** Values of arguments and options, by name. */
type Read = Record<string, unknown>;

/** Returns the flag of an option's name, without dashes: `retry-delay` for `retryDelay`. */
export function flagOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/**
 * Reads the arguments of a command; undefined if they ask for its help.
 *
 * @throws {UsageError} If an option or the number of arguments is wrong.
 */
export function parseArguments(
  { options, arguments: declared }: Command,
  given: readonly string[],
): Read | undefined {
  const flags = Object.entries(options).map(([name, option]) => [flagOf(name), option] as const);
  const signed = new Map(
    flags.map((
      [flag, { isSigned }],
    ) => [`--${flag}`, isSigned === "--" ? /^-/ : isSigned ? /^-[^-]/ : undefined]),
  );
  const args = joinSigned(given, signed);
  const known = flags.map(([flag, { value, short }]) => {
    const type = value === undefined ? "boolean" as const : "string" as const;
    return [flag, { type, ...short && { short } }] as const;
  });
  const { tokens } = parseArgs({
    args,
    options: { ...Object.fromEntries(known), help: { type: "boolean", short: "h" } },
    strict: false, // its errors differ between runtimes
    tokens: true,
  });
  const takesProgram = Object.values(declared).some(({ isProgram }) => isProgram);
  const positionals: string[] = [];
  const program: string[] = [];
  const texts = new Map<string, string[]>();
  /** The flags as they were typed: `-n` or `--limit`. */
  const typed = new Map<string, string>();
  const hints = { takesProgram, hasGrid: Object.hasOwn(options, "grid") };
  let isProgram = false;
  for (const token of tokens) {
    if (token.kind === "positional") (isProgram ? program : positionals).push(token.value);
    else if (token.kind === "option-terminator") isProgram = takesProgram;
    else if (token.name === "help") return undefined;
    else {
      const value = checkedValue(token, new Map(flags), hints);
      texts.set(token.name, [...texts.get(token.name) ?? [], value]);
      typed.set(token.name, token.rawName);
    }
  }
  for (const [flag, { isRepeated, value }] of flags) {
    const given = texts.get(flag) ?? [];
    if (given.length < 2 || isRepeated || value === undefined) continue;
    const all = given.map((text) => `"${text}"`).join(" and ");
    throw new UsageError(`--${flag} is given ${given.length} times, ${all}; give it once`);
  }
  const values = argumentsOf(declared, positionals, program);
  for (const [name, option] of Object.entries(options)) {
    const flag = flagOf(name);
    values[name] = option.read(texts.get(flag) ?? [], typed.get(flag) ?? `--${flag}`);
  }
  return values;
}

/** A command has no option that resembles the given one. */
export class UnknownOptionError extends UsageError {
  /** The option as it was typed. */
  readonly option: string;

  constructor(option: string, hints: readonly string[]) {
    super([`there is no option ${option}`, ...hints].join("; "));
    this.option = option;
  }
}

/** An option on a command line, as the parser gives it. */
interface OptionToken {
  readonly name: string;
  /** The flag as it was typed. */
  readonly rawName: string;
  readonly value: string | undefined;
  /** True if it was typed as `--name=value`. */
  readonly inlineValue: boolean | undefined;
}

/**
 * Returns the value of an option; empty for a flag.
 *
 * @throws {UsageError} If there is no such option, its value is missing, or a flag has one.
 */
function checkedValue(
  { name, rawName, value, inlineValue: isInline = false }: OptionToken,
  options: ReadonlyMap<string, Option<unknown>>,
  { takesProgram, hasGrid }: { readonly takesProgram: boolean; readonly hasGrid: boolean },
): string {
  const option = options.get(name);
  if (!option) {
    const isLong = rawName.startsWith("--");
    const nearest = isLong ? nearestName(name, [...options.keys()]) : undefined;
    if (nearest !== undefined) {
      throw new UsageError(`there is no option ${rawName}, did you mean --${nearest}?`);
    }
    const hints = [
      ...hasGrid && isLong ? [`values of a param are -g ${name}=…`] : [],
      ...takesProgram ? ["options of the program come after --"] : [],
    ];
    throw new UnknownOptionError(rawName, hints);
  }
  if (option.value === undefined) {
    if (value === undefined) return "";
    throw new UsageError(`${rawName} takes no value, got "${value}"`);
  }
  if (value === undefined) throw new UsageError(`${rawName} needs a value: ${option.value}`);
  // Another option, but for a number, which the option's own check refuses or takes.
  if (isInline) return rawName.startsWith("--") ? value : value.replace(/^=/, "");
  if (!/^-[^\d.]/.test(value)) return value;
  throw new UsageError(
    `${rawName} needs a value, and ${value} looks like an option; --${name}=${value} says that it is the value`,
  );
}

/** Hands each text to the argument that it matches, else to the first one with room. */
function argumentsOf(
  declared: Arguments,
  positionals: readonly string[],
  program: readonly string[],
): Read {
  const all = Object.entries(declared).map(([name, argument]) => ({
    name,
    argument,
    texts: argument.isProgram ? [...program] : [],
  }));
  const left = positionals.filter((text) => {
    const taker = all.find(({ argument }) => argument.matches?.(text)) ??
      all.find(({ argument: { matches, isProgram, count }, texts }) =>
        !matches && !isProgram && texts.length < count[1]
      );
    return !taker?.texts.push(text);
  });
  const isFit = all.every(({ argument: { count: [least, most] }, texts }) =>
    texts.length >= least && texts.length <= most
  );
  if (left.length > 0 || !isFit) {
    const expected = all.flatMap(({ argument }) => argument.expects ?? []).join(" and ");
    const got = positionals.map((text) => `"${text}"`).join(" ") || "none";
    throw new UsageError(`expected ${expected}, got ${got}`);
  }
  return Object.fromEntries(all.map(({ name, argument, texts }) => [name, argument.read(texts)]));
}

/**
 * Joins `--sort -loss` to `--sort=-loss`, as the parser wants it.
 *
 * @param values The texts that are values of a flag though they begin with a dash, by flag.
 */
function joinSigned(
  args: readonly string[],
  values: ReadonlyMap<string, RegExp | undefined>,
): string[] {
  const joined: string[] = [];
  let isProgram = false;
  for (const arg of args) {
    isProgram ||= arg === "--";
    const isValue = !isProgram && values.get(joined.at(-1) ?? "")?.test(arg);
    if (isValue) joined.push(`${joined.pop()}=${arg}`);
    else joined.push(arg);
  }
  return joined;
}
