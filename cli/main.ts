import { parseArgs } from "node:util";
import { StoreError } from "../core/errors.ts";
import { type Command, type Io, UsageError, type Values } from "./command.ts";

export type { Io } from "./command.ts";

/** A subcommand loads when it is used. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  status: async () => (await import("./status.ts")).status,
  ls: async () => (await import("./ls.ts")).ls,
  reset: async () => (await import("./reset.ts")).reset,
};

/**
 * Runs a command line and resolves to its exit code: 0 done, 2 the command line is wrong, 3 the store
 * cannot be used.
 *
 * @param args What stands after `cli.ts`.
 */
export async function main(args: readonly string[], io: Io = {}): Promise<number> {
  const { log = console.log, error: complain = console.error } = io;
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
    const { values, positionals } = parse(command, rest);
    if (values["help"]) log(command.help);
    else await command.run(values, positionals, { log, error: complain });
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      complain(
        `stet: ${error.message}. See: stet ${
          Object.hasOwn(commands, name) ? `${name} ` : ""
        }--help`,
      );
      return 2;
    }
    if (!(error instanceof StoreError)) throw error;
    complain(`stet: ${error.message}`);
    return 3;
  }
}

function parse(
  command: Command,
  args: readonly string[],
): { values: Values; positionals: string[] } {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { ...command.options, help: { type: "boolean", short: "h" } },
      allowPositionals: true,
    });
    return { values: values as Values, positionals }; // no option is declared `multiple`
  } catch (error) {
    // Its messages name the option and say what was expected.
    throw new UsageError((error as Error).message.replace(/\.$/, ""));
  }
}

async function overview(): Promise<string> {
  const lines: string[] = [];
  for (const [name, load] of Object.entries(commands)) {
    lines.push(`  ${name.padEnd(8)}${(await load()).summary}`);
  }
  return `stet runs every combination once.

Usage: stet <command> [store] [options]

${lines.join("\n")}

The store is the file where runs are remembered; without one it is _stet_store.csv.
Each command has --help. Exit codes: 0 done, 2 wrong command line, 3 the store cannot be used.`;
}
