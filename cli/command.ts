import type { Terminal } from "../core/runtime/print_error.ts";
import type { Arguments, Options, Values } from "./options.ts";
import type { Task } from "./runs/task.ts";

export type { Terminal };

/** Output of a caller. */
export interface Io {
  /** Lines for standard output. Default: `console.log`. */
  readonly log?: (line: string) => void;
  /** Lines for standard error. Default: standard error itself. */
  readonly error?: (line: string) => void;
  /** Terminal for progress. Default: standard error, if it is one and `error` is not given. */
  readonly terminal?: Terminal;
}

/** Output of a command, with all defaults filled in. */
export interface Output extends Required<Pick<Io, "log" | "error">> {
  /** Undefined: no progress is drawn. */
  readonly terminal: Terminal | undefined;
}

/** Declaration of a subcommand: its parser, its help and the list of commands are made of it. */
export interface Command<A extends Arguments = Arguments, O extends Options = Options> {
  readonly name: string;
  /** Its purpose, in the list of commands. */
  readonly summary: string;
  /** Forms of its command line, without `stet` and the name. Default: its arguments, and `[options]`. */
  readonly usage?: readonly string[];
  /** Paragraphs of `--help` before the options. Line breaks within one are those of the source only. */
  readonly about: string;
  readonly arguments: A;
  readonly options: O;
  /** Paragraphs of `--help` after the options. */
  readonly notes?: readonly string[];
  /** Meaning of the exit code 1. Default: it is not used. */
  readonly exitCode1?: string;
  readonly examples: readonly string[];
  /**
   * Runs it and resolves to the exit code. Default: 0.
   *
   * @throws {UsageError} If the arguments make no sense.
   * @throws {StoreError} If the store cannot be used.
   */
  run(values: Values<A> & Values<O>, output: Output): Promise<number | void>;
  /** Prepares its sweep and calls a body with it instead of running it; of commands that sweep. Throws as `run`. */
  withTask?<T>(
    values: Values<A> & Values<O>,
    output: Output,
    body: (task: Task) => Promise<T>,
  ): Promise<T>;
}

/** Declares a subcommand; `run` gets the values that the types of its arguments and options say. */
export function command<A extends Arguments, O extends Options>(declared: Command<A, O>): Command {
  return declared as unknown as Command;
}
