import { parseArgs } from "node:util";
import { nearestName } from "../core/values/nearest_name.ts";
import type { Command } from "./command.ts";
import type { Arguments } from "./options.ts";
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
  const { tokens } = checked(flags.map(([flag]) => flag), () =>
    parseArgs({
      args,
      options: { ...Object.fromEntries(known), help: { type: "boolean", short: "h" } },
      allowPositionals: true,
      tokens: true,
    }));
  const takesProgram = Object.values(declared).some(({ isProgram }) => isProgram);
  const positionals: string[] = [];
  const program: string[] = [];
  const texts = new Map<string, string[]>();
  /** The flags as they were typed: `-n` or `--limit`. */
  const typed = new Map<string, string>();
  let isProgram = false;
  for (const token of tokens) {
    if (token.kind === "positional") (isProgram ? program : positionals).push(token.value);
    else if (token.kind === "option-terminator") isProgram = takesProgram;
    else if (token.name === "help") return undefined;
    else {
      texts.set(token.name, [...texts.get(token.name) ?? [], token.value ?? ""]);
      typed.set(token.name, token.rawName);
    }
  }
  const values = argumentsOf(declared, positionals, program);
  for (const [name, option] of Object.entries(options)) {
    const flag = flagOf(name);
    values[name] = option.read(texts.get(flag) ?? [], typed.get(flag) ?? `--${flag}`);
  }
  return values;
}

/** Runs the parser; the error about an unknown option names the nearest one. */
function checked<T>(flags: readonly string[], parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    const { message } = error as NodeJS.ErrnoException;
    const [, flag] = /^Unknown option '(.*?)'/.exec(message) ?? [];
    // Its other messages name the option and say what was expected.
    if (flag === undefined) throw new UsageError(message.replace(/\.$/, ""));
    const nearest = flag.startsWith("--") ? nearestName(flag.slice(2), flags) : undefined;
    const hint = nearest === undefined ? "" : `, did you mean --${nearest}?`;
    throw new UsageError(`there is no option ${flag}${hint}`);
  }
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
