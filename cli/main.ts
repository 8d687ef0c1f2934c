import { StoreError } from "../core/errors.ts";
import { printError, standardError } from "../core/runtime/print_error.ts";
import { withoutSecrets } from "../core/runtime/shown_location.ts";
import type { Command, Io, Output } from "./command.ts";
import { flagOf, parseArguments, UnknownOptionError } from "./parse_arguments.ts";
import { UsageError } from "./usage_error.ts";

export type { Io } from "./command.ts";

/** A subcommand loads when it is used. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  status: async () => (await import("./commands/status.ts")).status,
  ls: async () => (await import("./commands/ls.ts")).ls,
  best: async () => (await import("./commands/best.ts")).best,
  plot: async () => (await import("./commands/plot.ts")).plot,
  report: async () => (await import("./commands/report.ts")).report,
  run: async () => (await import("./commands/run.ts")).run,
  sweep: async () => (await import("./commands/sweep.ts")).sweep,
  worker: async () => (await import("./commands/worker.ts")).worker,
  submit: async () => (await import("./commands/submit.ts")).submit,
  failures: async () => (await import("./commands/failures.ts")).failures,
  explain: async () => (await import("./commands/explain.ts")).explain,
  query: async () => (await import("./commands/query.ts")).query,
  coverage: async () => (await import("./commands/coverage.ts")).coverage,
  reset: async () => (await import("./commands/reset.ts")).reset,
  export: async () => (await import("./commands/export.ts")).exportCommand,
  import: async () => (await import("./commands/import.ts")).importCommand,
  merge: async () => (await import("./commands/merge.ts")).merge,
  verify: async () => (await import("./commands/verify.ts")).verify,
  serve: async () => (await import("./commands/serve.ts")).serve,
  doctor: async () => (await import("./commands/doctor.ts")).doctor,
  completions: async () => (await import("./commands/completions.ts")).completionsOf(commands),
};

/**
 * Runs a command line and resolves to its exit code: 0 done, 1 some runs failed, 2 the command line is
 * wrong, 3 the store cannot be used.
 *
 * @param args The arguments after `cli.ts`.
 */
export async function main(args: readonly string[], io: Io = {}): Promise<number> {
  // Not the method itself: a progress bar replaces it.
  const { log = (line: string) => console.log(line), error: complain = printError } = io;
  const [first = "--help", ...others] = args;
  const isHelp = first === "help" && others.length > 0;
  const [name, rest] = isHelp ? [others[0]!, ["--help"]] : [first, others];
  try {
    if (name === "--version") {
      log(`stet ${(await import("../core/runtime/version.ts")).VERSION}`);
      return 0;
    }
    if (name === "--help" || name === "-h" || name === "help") {
      const { overviewText } = await import("./help_text.ts");
      log(overviewText(await Promise.all(Object.values(commands).map((load) => load()))));
      return 0;
    }
    const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (!load) throw await unknownCommand(name);
    let terminal = io.terminal;
    return await execute(await load(), rest, {
      log,
      error: complain,
      // Only when a command draws: a look at standard error takes Bun 10 ms.
      get terminal() {
        return terminal ??= io.error ? undefined : standardError();
      },
    });
  } catch (thrown) {
    const error = thrown instanceof UnknownOptionError ? await withCommands(thrown) : thrown;
    if (error instanceof UsageError) {
      const of = Object.hasOwn(commands, name) ? `${name} ` : "";
      const end = error.message.includes("\n") ? "\n" : /[.?!]$/.test(error.message) ? " " : ". ";
      complain(`stet: ${withoutSecrets(error.message)}${end}See: stet ${of}--help`);
      return 2;
    }
    if (!(error instanceof StoreError)) throw error;
    complain(`stet: ${error.message}`);
    return 3;
  }
}

/**
 * Runs one command and resolves to its exit code.
 *
 * @throws {UsageError} If the command line is wrong. @throws {StoreError} If the store cannot be used.
 */
export async function execute(
  command: Command,
  args: readonly string[],
  output: Output,
): Promise<number> {
  const values = parseArguments(command, args);
  if (values) return await command.run(values, output) ?? 0;
  output.log((await import("./help_text.ts")).helpText(command));
  return 0;
}

/** Returns the error with the commands that have the option, if there are any. */
async function withCommands(error: UnknownOptionError): Promise<UsageError> {
  const all = await Promise.all(Object.values(commands).map((load) => load()));
  const names = all.filter(({ options }) =>
    Object.keys(options).some((name) => `--${flagOf(name)}` === error.option)
  ).map(({ name }) => `stet ${name}`);
  if (names.length === 0) return error;
  return new UsageError(`there is no option ${error.option}; it is one of ${names.join(", ")}`);
}

async function unknownCommand(name: string): Promise<UsageError> {
  const { nearestName } = await import("../core/values/nearest_name.ts");
  const names = Object.keys(commands);
  const nearest = nearestName(name, names);
  return new UsageError(
    `there is no command "${name}"` +
      (nearest === undefined
        ? `; the commands are ${names.join(", ")}`
        : `; did you mean "${nearest}"?`),
  );
}
