import { spawn } from "node:child_process";
import process from "node:process";
import { startError } from "../find_program.ts";
import { LaunchError } from "./launcher.ts";

/**
 * Runs a command of a scheduler and resolves to its standard output.
 *
 * @param task What it is for, in the error: `submit to Slurm`.
 * @param input Its standard input. Default: none.
 * @throws {LaunchError} If it is not there or exits with another code than 0: with its own text.
 */
export async function runScheduler(
  task: string,
  [command = "", ...args]: readonly string[],
  input = "",
): Promise<string> {
  const printed = { out: "", err: "" };
  const code = await new Promise<number | string>((resolve, reject) => {
    const fail = (error: unknown): void => reject(notStarted(task, command, error));
    try {
      // In a group of its own: Ctrl-C on the terminal is for this process to act on.
      const child = spawn(command, args, { env: process.env, detached: true });
      child.once("error", fail);
      child.stdout.setEncoding("utf8").on("data", (piece) => void (printed.out += piece));
      child.stderr.setEncoding("utf8").on("data", (piece) => void (printed.err += piece));
      child.stdin.on("error", () => {}); // it may end without reading
      child.stdin.end(input);
      child.once("close", (code, signal) => resolve(code ?? signal!));
    } catch (error) {
      fail(error);
    }
  });
  if (code === 0) return printed.out;
  const text = (printed.err.trim() || printed.out.trim()).replaceAll("\n", "\n  ");
  throw new LaunchError(
    `Cannot ${task}: ${command} ended with ${code}${text === "" ? "" : `:\n  ${text}`}`,
  );
}

function notStarted(task: string, command: string, error: unknown): LaunchError {
  const { message } = startError(command, error);
  const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
  const remedy = isMissing ? "; run this where the scheduler's commands are: on a login node" : "";
  return new LaunchError(
    `Cannot ${task}: ${message.replace("; check the spelling", "")}${remedy}`,
    { cause: error },
  );
}
