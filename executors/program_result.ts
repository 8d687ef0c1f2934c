import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { messageOf } from "../core/errors.ts";
import { currentSignature } from "../core/runtime/file_signature.ts";
import { readCell } from "../core/values/cell.ts";
import { parseJson } from "../core/values/json.ts";
import type { Row, Value } from "../core/values/value.ts";
import { LastJson } from "./last_json.ts";
import { Lines } from "./lines.ts";
import { fillTemplate, parseTemplate, type Place } from "./template.ts";

/** A stream of output of a program. */
export type OutputStream = "stdout" | "stderr";

/** Reader of the result of one run of a program. */
export interface ResultReader {
  /** Takes a piece of output. */
  add(piece: Uint8Array, stream: OutputStream): void;
  /** Returns the result after the end of the program, or undefined. */
  end(): Value | undefined;
}

/** Returns the reader of the result of a run that begins now. Throws a `TypeError` on a placeholder that is no param. */
export type OpenResult = (params: Row, place: Place) => ResultReader;

/**
 * Returns how results are read: from a file with JSON whose name may have placeholders, as the last match of
 * a pattern in a line of output, or as the last JSON value of standard output.
 *
 * @param cwd Folder of relative names of files.
 * @param concurrency Number of programs at once.
 * @throws {TypeError} If several programs would write one file, or a pattern has several groups and no names.
 */
export function resultOpener(
  result: string | RegExp | undefined,
  cwd: string,
  concurrency: number,
): OpenResult {
  if (result instanceof RegExp) {
    checkGroups(result);
    return () => new MatchReader(result);
  }
  if (result === undefined) return () => new JsonReader();
  const template = parseTemplate([result]);
  if (concurrency > 1 && template[0]!.every((part) => typeof part === "string")) {
    throw new TypeError(
      `Cannot read the results of ${concurrency} programs at once from ${
        JSON.stringify(result)
      }: ` +
        `name a file for each, as in "results/{id}.json", or run one at a time`,
    );
  }
  return (params, place) => new FileReader(resolve(cwd, fillTemplate(template, params, place)[0]!));
}

/** @throws {TypeError} If several groups of a pattern may be the result. */
function checkGroups(pattern: RegExp): void {
  const { length, groups } = new RegExp(`${pattern.source}|`, pattern.flags).exec("")!;
  if (groups || length <= 2) return;
  throw new TypeError(
    `Cannot read results by ${pattern}: it has ${
      length - 1
    } groups without names; name those that are ` +
      `results, as in (?<loss>…), and write (?:…) for others`,
  );
}

class JsonReader implements ResultReader {
  readonly #last = new LastJson();

  add(piece: Uint8Array, stream: OutputStream): void {
    if (stream === "stdout") this.#last.add(piece);
  }

  end(): Value | undefined {
    return this.#last.end();
  }
}

/** Keeps the last match: named groups as an object, else the first group, else all of it. */
class MatchReader implements ResultReader {
  readonly #lines: Record<OutputStream, Lines>;
  #last: RegExpMatchArray | undefined;

  constructor(pattern: RegExp) {
    const all = new RegExp(pattern, pattern.flags.replace("g", "") + "g");
    const look = (line: string): void => {
      const text = line.includes("\x1b") ? stripVTControlCharacters(line) : line;
      for (const match of text.matchAll(all)) this.#last = match;
    };
    this.#lines = { stdout: new Lines(look), stderr: new Lines(look) };
  }

  add(piece: Uint8Array, stream: OutputStream): void {
    this.#lines[stream].add(piece);
  }

  end(): Value | undefined {
    this.#lines.stdout.end();
    this.#lines.stderr.end();
    if (!this.#last) return undefined;
    const { groups, 0: whole, 1: first } = this.#last;
    if (!groups) return readCell(first ?? whole);
    const values = Object.entries(groups).map(([name, text]) =>
      [name, readCell(text ?? "")] as const
    );
    return Object.fromEntries(
      values.flatMap(([name, value]) => value === undefined ? [] : [[name, value]]),
    );
  }
}

/** Reads a file that the program has written; one from before is no result. */
class FileReader implements ResultReader {
  readonly #path: string;
  readonly #before: string;

  constructor(path: string) {
    this.#path = path;
    this.#before = currentSignature(path);
  }

  add(): void {}

  end(): Value | undefined {
    const after = currentSignature(this.#path);
    if (after === "" || after === this.#before) return undefined;
    try {
      return parseJson(readFileSync(this.#path, "utf8"));
    } catch (error) {
      throw new Error(
        `Cannot read the result ${JSON.stringify(this.#path)}: ${
          messageOf(error)
        }; the program must write ` +
          `one JSON value`,
        { cause: error },
      );
    }
  }
}
