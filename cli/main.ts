import process from "node:process";
import { parseArgs } from "node:util";
import { StoreError } from "../core/errors.ts";
import { printError } from "../core/runtime/print_error.ts";
import { type Command, type Io, type Terminal, UsageError, type Values } from "./command.ts";

export type { Io } from "./command.ts";

/** A subcommand loads when it is used. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  status: async () => (await import("./commands/status.ts")).status,
  ls: async () => (await import("./commands/ls.ts")).ls,
  run: async () => (await import("./commands/run.ts")).run,
  sweep: async () => (await import("./commands/sweep.ts")).sweep,
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
};

/**
 * Runs a command line and resolves to its exit code: 0 done, 1 some runs failed, 2 the command line is
 * wrong, 3 the store cannot be used.
 *
 * @param args What stands after `cli.ts`.
 */
export async function main(args: readonly string[], io: Io = {}): Promise<number> {
  const { log = console.log, error: complain = printError } = io;
  const [name = "--help", ...rest] = args;
  try {
    if (name === "--help" || name === "-h" || name === "help") {
      log(await overview());
      return 0;
    }
    const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (!load) {
      throw new UsageError(
        `there is no command "${name}"; the commands are ${Object.keys(commands).join(", ")}`,
      );
    }
    const command = await load();
    const { values, positionals, program } = parse(command, rest);
    if (values["help"]) {
      log(command.help);
      return 0;
    }
    const { terminal = io.error ? undefined : standardError() } = io;
    return await command.run(values, positionals, { log, error: complain, terminal }, program) ?? 0;
  } catch (error) {
    if (error instanceof UsageError) {
      const of = Object.hasOwn(commands, name) ? `${name} ` : "";
      const end = /[.?!]$/.test(error.message) ? "" : ".";
      complain(`stet: ${error.message}${end} See: stet ${of}--help`);
      return 2;
    }
    if (!(error instanceof StoreError)) throw error;
    complain(`stet: ${error.message}`);
    return 3;
  }
}

/** Standard error, if it is a terminal. */
function standardError(): Terminal | undefined {
  const { stderr } = process;
  if (!stderr.isTTY) return undefined;
  // The terminal may be closed meanwhile: what runs is recorded all the same.
  stderr.on("error", () => {});
  return {
    get columns(): number {
      return stderr.columns || 80; // 0 where nobody said how wide it is
    },
    write(text) {
      try {
        stderr.write(text);
      } catch {
        // Deno throws then.
      }
    },
  };
}

interface Parsed {
  readonly values: Values;
  readonly positionals: readonly string[];
  readonly program: readonly string[] | undefined;
}

function parse(command: Command, args: readonly string[]): Parsed {
  try {
    const { values, positionals, tokens } = parseArgs({
      args: joinSigned(args, command.signed),
      options: { ...command.options, help: { type: "boolean", short: "h" } },
      allowPositionals: true,
      tokens: true,
    });
    const end = tokens.find(({ kind }) => kind === "option-terminator")?.index;
    const program = command.takesProgram && end !== undefined ? args.slice(end + 1) : undefined;
    return {
      values: values as Values, // no boolean option is declared `multiple`
      positionals: positionals.slice(0, positionals.length - (program?.length ?? 0)),
      program,
    };
  } catch (error) {
    // Its messages name the option and say what was expected.
    throw new UsageError((error as Error).message.replace(/\.$/, ""));
  }
}

/** `--sort -loss` as `--sort=-loss`, as the parser wants it. */
function joinSigned(args: readonly string[], name: string | undefined): string[] {
  const joined: string[] = [];
  for (const arg of args) {
    const isValue = name !== undefined && joined.at(-1) === `--${name}` && /^-[^-]/.test(arg);
    if (isValue) joined.push(`${joined.pop()}=${arg}`);
    else joined.push(arg);
  }
  return joined;
}

async function overview(): Promise<string> {
  const lines: string[] = [];
  for (const [name, load] of Object.entries(commands)) {
    lines.push(`  ${name.padEnd(10)}${(await load()).summary}`);
  }
  return `stet runs every combination once.

Usage: stet <command> [store] [options]

${lines.join("\n")}

The store is the file where runs are remembered; without one it is _stet_store.csv.
Each command has --help. Exit codes: 0 done, 1 some runs failed,
2 wrong command line, 3 the store cannot be used.`;
}
