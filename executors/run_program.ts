import { type ChildProcess, spawn } from "node:child_process";
import { basename } from "node:path";
import process from "node:process";
import { atExit, notAtExit } from "../core/runtime/at_exit.ts";
import { poll } from "../core/runtime/poll.ts";
import { findProgram, startError } from "./find_program.ts";
import { canGuard, gated, guardGroup, killGroup, unguardGroup } from "./guard.ts";
import type { OutputStream, ResultReader } from "./program_result.ts";
import { Tail } from "./tail.ts";
import { tellingLine } from "../core/display/telling_line.ts";

/** A program to run, and how. */
export interface Program {
  /** The command and its arguments. */
  readonly words: readonly string[];
  readonly cwd: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  /** Ends it when aborted. */
  readonly signal: AbortSignal;
  /** Time between SIGTERM and SIGKILL, in milliseconds. */
  readonly killAfter: number;
  /** Gets its output, piece by piece. */
  readonly log: (piece: Uint8Array, stream: OutputStream) => void;
  /** Reads its result. */
  readonly result: ResultReader;
  /** The file with all of its output, for messages. */
  readonly logPath: string | undefined;
}

/** Exit code and signal of a process. */
type Ending = readonly [code: number | null, signal: NodeJS.Signals | null];

/** Maximum length of the line that says what went wrong, and of all last words, in characters. */
const MAX_TELLING = 200;
const MAX_WORDS = 2048;
/** Maximum number of lines of the last words. */
const MAX_LINES = 10;

/** Maximum size of the error output that is searched for that line, in bytes and lines. */
const SEARCHED = [2 ** 14, 500] as const;

/** Interval of checks that a group is gone. */
const CHECKS = { minMs: 20, maxMs: 20 };

/**
 * Runs a program in a process group of its own, and resolves to its result; undefined if
 * there is none.
 *
 * @throws {Error} If it cannot be run, exits with another code than 0 or is killed; the signal's
 * reason if that was aborted.
 */
export async function runProgram(program: Program): Promise<unknown> {
  const { words: [command = ""], signal, killAfter, result } = program;
  signal.throwIfAborted();
  const lastWords = new Tail(...SEARCHED);
  let trouble: { readonly error: unknown } | undefined;
  const isGated = canGuard();
  const child = start(program, isGated);
  const killLeft = (): void => void killGroup(child, "SIGKILL");
  atExit(killLeft);
  function take(piece: Uint8Array, stream: OutputStream): void {
    result.add(piece, stream);
    if (stream === "stderr") lastWords.add(piece);
    if (trouble) return;
    try {
      program.log(piece, stream);
    } catch (error) {
      trouble = { error };
      void endGroup(child, killAfter);
    }
  }
  child.stdout!.on("data", (piece: Uint8Array) => take(piece, "stdout"));
  child.stderr!.on("data", (piece: Uint8Array) => take(piece, "stderr"));

  let ending: Promise<void> | undefined;
  const abort = (): void => void (ending ??= endGroup(child, killAfter));
  signal.addEventListener("abort", abort);
  try {
    const [ended] = await Promise.all([
      endOf(child, command, killAfter),
      isGated && begin(child),
    ]);
    await ending;
    signal.throwIfAborted();
    if (trouble) throw trouble.error;
    if (ended[0] !== 0) throw failure(program, ended, lastWords.text());
    return result.end();
  } finally {
    signal.removeEventListener("abort", abort);
    notAtExit(killLeft);
    if (child.pid !== undefined) unguardGroup(child.pid);
  }
}

function start({ words, cwd, env }: Program, isGated: boolean): ChildProcess {
  const [command = ""] = words;
  if (isGated) findProgram(command, cwd ?? process.cwd(), env["PATH"]);
  const [file, ...args] = isGated ? gated(words, env) : words;
  try {
    // In a group of its own: all of it can be ended, and Ctrl-C is for the sweep to act on.
    return spawn(file ?? "", args, {
      detached: true,
      env,
      stdio: [isGated ? "pipe" : "ignore", "pipe", "pipe"],
      ...cwd !== undefined && { cwd },
    });
  } catch (error) {
    throw startError(command, error);
  }
}

/** Opens the gate once the guard has the group. */
async function begin(child: ChildProcess): Promise<void> {
  if (child.pid === undefined) return; // it could not be started
  child.stdin!.on("error", () => {}); // it was ended before it began
  await guardGroup(child.pid);
  child.stdin!.end("\n");
}

/** Resolves when the program has ended and its output is read. */
async function endOf(child: ChildProcess, command: string, killAfter: number): Promise<Ending> {
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const ended = await new Promise<Ending>((resolve, reject) => {
    child.once("error", (error) => reject(startError(command, error)));
    child.once("exit", (code, signal) => resolve([code, signal]));
  });
  // Background processes of it may still write, and get the time to end.
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), killAfter);
  });
  if (await Promise.race([closed, late]) === "late") {
    await endGroup(child, killAfter);
    child.stdout!.destroy();
    child.stderr!.destroy();
  }
  clearTimeout(timer);
  return ended;
}

/** Ends the group of a program: SIGTERM, and SIGKILL after a while. */
async function endGroup(child: ChildProcess, killAfter: number): Promise<void> {
  killGroup(child, "SIGTERM");
  await poll(() => !killGroup(child, 0) || undefined, { ...CHECKS, timeoutMs: killAfter });
  killGroup(child, "SIGKILL");
}

function failure(
  { words: [command = ""], logPath }: Program,
  [code, signal]: Ending,
  tail: string,
): Error {
  const how = signal === null ? `exited with code ${code}` : `was killed by ${signal}`;
  const telling = tellingLine(tail);
  const first = telling === "" ? "" : `: ${telling.slice(0, MAX_TELLING)}`;
  const last = tail.split(/\r?\n/).slice(-MAX_LINES).join("\n").slice(-MAX_WORDS);
  const words = first + (last.trim() === telling ? "" : `\n${last}`);
  const log = logPath === undefined ? "" : `\nIts output: ${logPath}`;
  const error = new Error(`${basename(command)} ${how}${words}${log}`);
  error.stack = String(error); // frames of the sweep say nothing about the program
  return error;
}
