import { closeSync, mkdirSync, openSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { messageOf } from "../core/errors.ts";
import type { Executor, Job } from "../core/runs/executor.ts";
import { checkOptions, type OptionForms } from "../core/options/check_options.ts";
import { names, numeric, text, wholeFrom } from "../core/options/option_forms.ts";
import { argumentText } from "../core/values/argument_text.ts";
import type { Row } from "../core/values/value.ts";
import { checkPermission, findProgram, startError } from "./find_program.ts";
import { Lines } from "./lines.ts";
import { type OpenResult, resultOpener } from "./program_result.ts";
import { runProgram } from "./run_program.ts";
import { Slots } from "./slots.ts";
import { fillTemplate, parseTemplate, type Place, type Template } from "./template.ts";

/** Options of {@linkcode commands}. */
export interface CommandsOptions {
  /** Number of programs at once. Default: 1, since programs often use all processors. */
  readonly concurrency?: number;
  /**
   * Place of a result: the path of a file with JSON that the program writes, with placeholders
   * (`"results/{seed}.json"`), or a pattern, whose last match in a line of output or standard error it is: an
   * object of its named groups, else its only group, else all of it. Default: the last JSON value of standard
   * output.
   */
  readonly result?: string | RegExp;
  /** The folder for the programs' output, `<id>.log` each. Default: output is dropped. */
  readonly logs?: string;
  /**
   * Receives each line of output as it comes, with the params of its run and the stream: `"stdout"` or `"stderr"`.
   * A carriage return ends a line too. Default: none.
   */
  readonly live?: (line: string, params: Row, stream: "stdout" | "stderr") => void;
  /** Working folder of the programs. Default: that of this process. */
  readonly cwd?: string;
  /** More environment variables; they override those of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Time between SIGTERM and SIGKILL, in milliseconds. Default: 5000. */
  readonly killAfter?: number;
}

const OPTIONS: OptionForms<CommandsOptions> = {
  concurrency: wholeFrom(1),
  logs: text,
  cwd: text,
  env: names,
  killAfter: numeric("milliseconds from 0 up", (x) => x >= 0),
  result: {
    text: "a path or a regular expression",
    isOfType: (value) => typeof value === "string" || value instanceof RegExp,
  },
  live: {
    text: "a function that receives lines",
    isOfType: (value) => typeof value === "function",
  },
};

/**
 * An executor that runs a program for each job, without a shell.
 *
 * `{alpha}` anywhere in a word is a placeholder of that param, `{id}` one of the id of the run, `{slot}` one
 * of its slot: a number from 0 that no other run under way has, less than the number of programs at once. A
 * name may have spaces (`{learning rate}`), and a brace that begins no name is itself. In a word with `{{`, doubled
 * braces are braces: `{{alpha}}` is the text `{alpha}`. Strings are themselves, numbers as in
 * cells, `true`, `false` and `null` as in JSON, arrays and objects JSON. The environment holds them too:
 * `STET_PARAM_ALPHA`, `STET_ID` and `STET_SLOT`; two params that would have the same variable are an error.
 *
 * A run resolves to the last JSON value of standard output, pretty-printed and in colour too, of up to 1 MiB,
 * or undefined; `result` names another place. It rejects with the line of standard error that says what went wrong, and the last ones, if the program exits with another code than 0 or is killed. Output
 * and standard error are written to `<logs>/<id>.log` as they come; a new attempt replaces the log.
 *
 * The program and its child processes are a process group of their own. When the run is aborted or takes
 * too long, the group gets SIGTERM, then SIGKILL. It is killed when this process ends, also by SIGKILL;
 * processes that left the group (`setsid`, daemons) are not. Ctrl-C does not reach it. For this a program
 * is started by `/bin/sh`, which takes about 2 ms; where there is none, or Deno may not run it, programs of
 * a process that was killed by SIGKILL keep running. Deno needs `--allow-run --allow-env`.
 *
 * @throws {TypeError} If there are no words, several programs at once would
 * write one file of results, or a pattern has several groups and no names.
 *
 * @example
 * ```ts
 * import { commands, once, sweep } from "@stet/stet";
 * import { MemoryBackend } from "@stet/stet/backends";
 * import assert from "node:assert/strict";
 *
 * const train = once(({ n }: { n: number }) => ({ n }), { store: new MemoryBackend(), save: true });
 * const executor = commands(["sh", "-c", 'echo "{ \\"twice\\": $(($1 * 2)) }"', "sh", "{n}"]);
 * await sweep(train, [{ n: 1 }, { n: 2 }], { executor }).done;
 * assert.deepEqual(await train({ n: 2 }), { twice: 4 });
 * ```
 */
export function commands(template: readonly string[], options: CommandsOptions = {}): Executor {
  checkOptions("run commands", options, OPTIONS);
  return new Commands(parseTemplate(template), options);
}

/** Stands for the id and slot of a run that is only checked. */
const SAMPLE: Place = { id: "id", slot: 0 };

class Commands implements Executor {
  readonly concurrency: number;
  readonly #template: Template;
  readonly #options: CommandsOptions;
  readonly #openResult: OpenResult;
  readonly #slots = new Slots();

  constructor(template: Template, options: CommandsOptions) {
    this.concurrency = options.concurrency ?? 1;
    this.#template = template;
    this.#options = options;
    const cwd = options.cwd ?? process.cwd();
    this.#openResult = resultOpener(options.result, cwd, this.concurrency);
  }

  open(): void {
    const { cwd } = this.#options;
    if (cwd !== undefined && !statSync(cwd, { throwIfNoEntry: false })?.isDirectory()) {
      throw new Error(`Cannot run in ${JSON.stringify(cwd)}: there is no such folder`);
    }
    const command = this.#template[0] ?? [];
    if (!command.every((part) => typeof part === "string")) return;
    checkPermission(command.join(""));
    findProgram(command.join(""), cwd ?? process.cwd(), this.#path());
  }

  check({ params }: Pick<Job, "params">): void {
    for (const word of fillTemplate(this.#template, params, SAMPLE)) {
      if (!word.includes("\0")) continue;
      throw new TypeError(
        `Cannot pass ${JSON.stringify(word)} to a program: arguments hold no NUL characters`,
      );
    }
    this.#openResult(params, SAMPLE); // throws on a placeholder that is no param
    paramEnvironment(params, SAMPLE); // throws what no environment can hold
  }

  async run({ id, params, signal }: Job): Promise<unknown> {
    signal.throwIfAborted();
    const { logs, live, cwd, env, killAfter = 5000 } = this.#options;
    const slot = this.#slots.acquire();
    const logPath = logs === undefined ? undefined : join(logs, `${id}.log`);
    let log: number | undefined;
    const lines = live && {
      stdout: new Lines((line) => live(line, params, "stdout")),
      stderr: new Lines((line) => live(line, params, "stderr")),
    };
    try {
      const place = { id, slot };
      const words = fillTemplate(this.#template, params, place);
      const own = { ...processEnvironment(words[0]!), ...paramEnvironment(params, place), ...env };
      log = logPath === undefined ? undefined : openLog(logs!, logPath);
      return await runProgram({
        words,
        cwd,
        env: own,
        signal,
        killAfter,
        result: this.#openResult(params, place),
        logPath,
        log: (piece, stream) => {
          lines?.[stream].add(piece);
          for (let at = 0; log !== undefined && at < piece.length;) at += writeSync(log, piece, at);
        },
      });
    } finally {
      lines?.stdout.end();
      lines?.stderr.end();
      this.#slots.release(slot);
      if (log !== undefined) closeSync(log);
    }
  }

  #path(): string | undefined {
    try {
      return this.#options.env?.PATH ?? process.env.PATH;
    } catch {
      return undefined; // Deno, without --allow-env
    }
  }
}

/**
 * Returns the environment variables that hold a program's params: `STET_PARAM_ALPHA` for `alpha`, each upper
 * case, with `_` for what is no letter A-Z, digit or `_`; and `STET_ID`, and `STET_SLOT`.
 *
 * @throws {TypeError} If two params have the same variable, or a value holds what no variable can.
 */
function paramEnvironment(params: Row, { id, slot }: Place): Record<string, string> {
  const environment: Record<string, string> = { STET_ID: id, STET_SLOT: String(slot) };
  const names = new Map<string, string>();
  for (const [name, value] of Object.entries(params)) {
    const variable = `STET_PARAM_${name.toUpperCase().replace(/[^A-Z0-9_]/g, "_")}`;
    const other = names.get(variable);
    if (other !== undefined) {
      throw new TypeError(
        `Cannot pass the params "${other}" and "${name}" to a program: the environment variable ` +
          `${variable} is that of both; rename one`,
      );
    }
    names.set(variable, name);
    environment[variable] = argumentText(value);
    if (!environment[variable].includes("\0")) continue;
    throw new TypeError(
      `Cannot pass the param "${name}" to a program: its value holds a NUL character, and no ` +
        `environment variable can`,
    );
  }
  return environment;
}

/** Returns the variables that the program inherits. */
function processEnvironment(command: string): NodeJS.ProcessEnv {
  try {
    return { ...process.env };
  } catch (error) {
    throw startError(command, error);
  }
}

function openLog(folder: string, path: string): number {
  try {
    mkdirSync(folder, { recursive: true });
    return openSync(path, "w");
  } catch (error) {
    throw new Error(`Cannot write the log ${path}: ${messageOf(error)}`, { cause: error });
  }
}
