import type { ParseArgsConfig } from "node:util";

/** Where a command prints. */
export interface Io {
  /** Lines for standard output. Default: `console.log`. */
  readonly log?: (line: string) => void;
  /** Lines for standard error. Default: `console.error`. */
  readonly error?: (line: string) => void;
}

/** One subcommand. */
export interface Command {
  /** What it does, for the list of commands. */
  readonly summary: string;
  /** What `--help` prints: usage, options, examples. */
  readonly help: string;
  /** Its options, as `node:util` parses them. */
  readonly options: NonNullable<ParseArgsConfig["options"]>;
  /**
   * Does it.
   *
   * @throws {UsageError} If the arguments make no sense.
   * @throws {StoreError} If the store cannot be used.
   */
  run(values: Values, positionals: readonly string[], io: Required<Io>): Promise<void>;
}

/** The options given, by name. */
export type Values = Readonly<Record<string, string | boolean | undefined>>;

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
