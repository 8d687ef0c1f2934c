import { type ChildProcess, spawn } from "node:child_process";
import { basename } from "node:path";
import process from "node:process";
import { atExit, notAtExit } from "../core/runtime/at_exit.ts";
import { findProgram } from "./find_program.ts";
import { canGuard, gated, guardGroup, unguardGroup } from "./guard.ts";
import { killGroup } from "./kill_group.ts";
import { LastJson } from "./last_json.ts";
import { startError } from "./start_error.ts";
import { Tail } from "./tail.ts";

/** A program to run, and how. */
export interface Program {
  /** Its words: the command and its arguments. */
  readonly words: readonly string[];
  readonly cwd: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** How long it may take to end when it is asked to, in milliseconds. */
  readonly killAfter: number;
  /** Where its output goes, piece by piece. */
  readonly log: (piece: Uint8Array) => void;
  /** Where to read all of it, for messages. */
  readonly logPath: string | undefined;
}

interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** How often to look whether a group is gone, in milliseconds. */
const LOOK = 20;

/**
 * Runs a program in a process group of its own, and gives the last line of its standard output that
 * is JSON; undefined if none is.
 *
 * @throws {Error} If it cannot be run, exits with another code than 0 or is killed; the signal's
 * reason if that was aborted.
 */
export async function runProgram(program: Program): Promise<unknown> {
  const { words: [command = ""], signal, killAfter } = program;
  signal.throwIfAborted();
  const result = new LastJson();
  const lastWords = new Tail();
  let trouble: { readonly error: unknown } | undefined;
  const isGated = canGuard();
  const child = start(program, isGated);
  const killLeft = (): void => void killGroup(child, "SIGKILL");
  atExit(killLeft);
  function take(piece: Uint8Array, keep: { add(piece: Uint8Array): void }): void {
    keep.add(piece);
    if (trouble) return;
    try {
      program.log(piece);
    } catch (error) {
      trouble = { error };
      void endGroup(child, killAfter);
    }
  }
  child.stdout!.on("data", (piece: Uint8Array) => take(piece, result));
  child.stderr!.on("data", (piece: Uint8Array) => take(piece, lastWords));

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
    if (ended.code !== 0) throw failure(program, ended, lastWords.text());
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

/** Opens the gate, once the program ends with this process. */
async function begin(child: ChildProcess): Promise<void> {
  if (child.pid === undefined) return; // it could not be started
  child.stdin!.on("error", () => {}); // it was ended before it began
  await guardGroup(child.pid);
  child.stdin!.end("\n");
}

/** Resolves when the program has ended and all its output is read. */
async function endOf(child: ChildProcess, command: string, killAfter: number): Promise<Ending> {
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const ended = await new Promise<Ending>((resolve, reject) => {
    child.once("error", (error) => reject(startError(command, error)));
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
  // What it left in the background may still write, and is given the time to end.
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

/** Ends a program and all it started: asks with SIGTERM, kills what is there after a while. */
async function endGroup(child: ChildProcess, killAfter: number): Promise<void> {
  killGroup(child, "SIGTERM");
  const deadline = performance.now() + killAfter;
  while (killGroup(child, 0) && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, LOOK));
  }
  killGroup(child, "SIGKILL");
}

function failure({ words: [command = ""], logPath }: Program, end: Ending, said: string): Error {
  const how = end.signal === null ? `exited with code ${end.code}` : `was killed by ${end.signal}`;
  const words = said.trim() === "" ? "" : `:\n${said}`;
  const log = logPath === undefined ? "" : `\nIts output: ${logPath}`;
  return new Error(`${basename(command)} ${how}${words}${log}`);
}
