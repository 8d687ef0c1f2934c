import { readCell } from "../../core/values/cell.ts";
import type { Engine } from "../../core/contract/engine.ts";
import { readText, TextColumn, type TextKind } from "../../core/values/text_value.ts";
import type { Row, Value } from "../../core/values/value.ts";
import type { Argument } from "../options.ts";
import { isOtherScalar, textColumns } from "./as_stored.ts";
import { splitKind } from "./axis.ts";
import { UsageError } from "../usage_error.ts";

/** Paragraph of `--help` about pairs. */
export const pairsNote =
  `A value is a number only if its text loses nothing by that: 0.1, 42; but 007, 3.10 and +15 are text, and
so is 3.9 where the store has texts only in that column. name:text=… and name:number=… decide by hand,
and '"7"' is a text.`;

/** The pairs among the arguments of a command: all that have a "=" and are no URL. */
export const pairsArgument: Argument<readonly Pair[]> = {
  usage: "[name=value ...]",
  count: [0, Infinity],
  matches: (text) => text.includes("=") && !/^[a-z][a-z0-9+.-]*:\/\//i.test(text),
  read: (texts) => texts.map(readPair),
};

/** A value for a name, as a command line gives it. */
export interface Pair {
  readonly name: string;
  readonly text: string;
  /** The kind of the value, if it was decided by hand. */
  readonly kind: TextKind | undefined;
}

/**
 * Reads `name=value`, `name:text=value` or `name:number=value`.
 *
 * @throws {UsageError} If name or value is missing, or the value is no number and is to be one.
 */
export function readPair(given: string): Pair {
  const at = given.indexOf("=");
  const { name, kind } = splitKind(given.slice(0, Math.max(at, 0)));
  const text = given.slice(at + 1);
  const value = readCell(text);
  if (name === "" || value === undefined) {
    throw new UsageError(`expected name=value, got "${given}"; an empty text is written name='""'`);
  }
  if (kind === "number" && typeof value !== "number" && typeof value !== "bigint") {
    throw new UsageError(`${given}: ${text.trim()} is no number`);
  }
  return { name, text, kind };
}

/** Returns the values of pairs: text where the store has nothing but text in that column. */
export async function valuesOf(pairs: readonly Pair[], backend: Engine): Promise<Row> {
  const values = new Map(pairs.map((pair) => [pair, valueOf(pair)]));
  const open = pairs.filter((pair) => pair.kind === undefined && isOtherScalar(values.get(pair)!));
  const texts = await textColumns(backend, open.map(({ name }) => name));
  return Object.fromEntries(pairs.map((pair) => {
    const isText = open.includes(pair) && texts.has(pair.name);
    return [pair.name, isText ? pair.text.trim() : values.get(pair)!];
  }));
}

function valueOf({ text, kind }: Pair): Value {
  return kind ? new TextColumn(kind).read(text)! : readText(text)!;
}
