import type { ParseArgsConfig } from "node:util";

/** Where a command prints. */
export interface Io {
  /** Lines for standard output. Default: `console.log`. */
  readonly log?: (line: string) => void;
  /** Lines for standard error. Default: `console.error`. */
  readonly error?: (line: string) => void;
  /** Where progress is drawn. Default: standard error, if it is a terminal and `error` is not given. */
  readonly terminal?: Terminal;
}

/** A terminal to draw on. */
export interface Terminal {
  /** How many characters fit in a line. */
  readonly columns: number;
  /** Writes text, escape sequences and all. */
  write(text: string): void;
}

/** Where a command prints, with nothing left to default. */
export interface Output extends Required<Pick<Io, "log" | "error">> {
  /** Undefined: no progress is drawn. */
  readonly terminal: Terminal | undefined;
}

/** One subcommand. */
export interface Command {
  /** What it does, for the list of commands. */
  readonly summary: string;
  /** What `--help` prints: usage, options, examples. */
  readonly help: string;
  /** Its options, as `node:util` parses them. */
  readonly options: NonNullable<ParseArgsConfig["options"]>;
  /** An option whose value may begin with a dash. */
  readonly signed?: string;
  /** Whether what stands after `--` is a program to run; else it is arguments like those before. */
  readonly takesProgram?: true;
  /**
   * Does it, and resolves to the exit code if that is not 0.
   *
   * @param program What stands after `--`, undefined without one.
   * @throws {UsageError} If the arguments make no sense.
   * @throws {StoreError} If the store cannot be used.
   */
  run(
    values: Values,
    positionals: readonly string[],
    output: Output,
    program: readonly string[] | undefined,
  ): Promise<number | void>;
}

/** The options given, by name; those declared `multiple` are arrays. */
export type Values = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/** The command line is wrong: the message says how. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** At most one store among the arguments; what follows it. */
export function storeOf(positionals: readonly string[], most = 1): string | undefined {
  if (positionals.length <= most) return positionals[0];
  throw new UsageError(
    `expected one store, got ${positionals.map((text) => `"${text}"`).join(" ")}`,
  );
}
