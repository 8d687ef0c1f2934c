import { writeCell } from "../../core/values/cell.ts";
import { checkParamName } from "../../core/values/columns.ts";
import { messageOf } from "../../core/errors.ts";
import { numberText } from "../../core/values/number_text.ts";
import { TextColumn, type TextKind } from "../../core/values/text_value.ts";
import type { Value } from "../../core/values/value.ts";
import { UsageError } from "../usage_error.ts";
import { type AxisPart, readPart } from "./axis_part.ts";
import { splitValues } from "./split_values.ts";

/** Maximum number of values of an axis: they are held in memory. */
const MAX_VALUES = 10_000_000;

/** Values of one param, and their spelling. */
export interface Axis {
  readonly values: readonly Value[];
  /** The texts of values that programs would get in another spelling, by cell text. */
  readonly spelled: ReadonlyMap<string, string>;
  /** A surprise in how the values were read, if any. */
  readonly note: string | undefined;
  /** The kind of the values, if it was decided by hand. */
  readonly kind: TextKind | undefined;
}

/** Options of {@linkcode readAxis}. */
export interface AxisOptions {
  /** Returns the kind of a param's values, if it was decided by hand elsewhere. */
  readonly kindOf?: (name: string) => TextKind | undefined;
  /** Standard input, for `name=@-`. */
  readonly input?: string | undefined;
  /** True if the values of a param that come twice count twice. Default: once. */
  readonly keepsRepeats?: (name: string) => boolean;
}

/**
 * Reads `name=values`, where values are one or more of these, with commas between them:
 *
 * - `0.1`, `adam`, `true`, `null`: a value as {@linkcode TextColumn} reads it; `"1"` is text, `[64,64]` an
 *   array;
 * - `0..19`, `0..100..10`: numbers from first to last, both included, 1 or the third apart;
 * - `2024-01-01..2024-12-31`, `2024-01..2024-12`, with a third such as `7d`, `1mo` or `6h`: dates;
 * - `lin:0..1:5`, `log:1e-4..1e-1:7`: so many numbers, evenly spaced, or evenly on a log scale;
 * - `@file`, `@-`: the lines of a file or of standard input, each a value;
 * - `data/*.json`: the paths that match, sorted.
 *
 * `name:text=` and `name:number=` decide by hand how values are read; with the first, all but `@file` are texts.
 * Values that come twice count once. Commas within `"…"`, `[…]` and `{…}` are part of the value.
 *
 * @throws {UsageError} If the name cannot be a param's, or the values are none of these.
 */
export function readAxis(
  text: string,
  { kindOf, input, keepsRepeats }: AxisOptions = {},
): [name: string, values: Value[], axis: Axis] {
  const at = text.indexOf("=");
  const { name, kind: given } = splitKind(text.slice(0, at));
  try {
    checkParamName(name);
    const kind = given ?? kindOf?.(name);
    const parts = splitValues(text.slice(at + 1)).map((part) => readPart(part, kind, input));
    const column = columnOf(parts, kind);
    const values: Value[] = [];
    const spelled = new Map<string, string>();
    const push = (value: Value): void => {
      if (values.push(value) <= MAX_VALUES) return;
      throw new RangeError(`it has more than ${MAX_VALUES} values`);
    };
    for (const part of parts) {
      if ("numbers" in part) {
        for (const number of part.numbers) push(column.isText ? numberText(number) : number);
      } else if ("texts" in part) {
        for (const value of part.texts) push(checkKind(value, value, kind));
      } else {
        for (const written of part.spelled) {
          const value = valueIn(written, column, kind);
          push(value);
          const cell = writeCell(value);
          if (typeof value !== "string" && !spelled.has(cell)) spelled.set(cell, written.trim());
        }
      }
    }
    const note = column.note(name, `-g ${name}:number=…`) ?? rangeNote(name, values, kind);
    const isRange = parts.length === 1 && !("spelled" in parts[0]!);
    const all = isRange || keepsRepeats?.(name) ? values : unique(values);
    return [name, all, { values: all, spelled, note, kind }];
  } catch (error) {
    throw new UsageError(`-g ${text}: ${messageOf(error)}`, { cause: error });
  }
}

/** Returns a note about a single text that is a range in other programs, as `0-4` or `0:4`. */
function rangeNote(
  name: string,
  values: readonly Value[],
  kind: TextKind | undefined,
): string | undefined {
  const [text] = values;
  if (values.length !== 1 || typeof text !== "string" || kind !== undefined) return undefined;
  const [, first, last] = /^(\d+)[:-](\d+)$/.exec(text) ?? [];
  if (first === undefined || Number(first) >= Number(last)) return undefined;
  return `${name} is the text "${text}"; numbers from ${first} to ${last} are ${first}..${last}`;
}

/** Splits `name:text` and `name:number`. */
export function splitKind(
  text: string,
): { readonly name: string; readonly kind: TextKind | undefined } {
  const [, name = text, kind] = /^(.*):(text|number)$/s.exec(text.trim()) ?? [];
  return { name: name.trim(), kind: kind as TextKind | undefined };
}

/** Returns the column of an axis, which knows if its values are texts. */
function columnOf(parts: readonly AxisPart[], kind: TextKind | undefined): TextColumn {
  const column = new TextColumn(kind);
  for (const part of parts) {
    if ("spelled" in part) { for (const written of part.spelled) column.add(written); }
    // The others are of the kind of the first.
    else if ("texts" in part) {
      for (const text of part.texts) {
        column.mustBeText(text);
        break;
      }
    } else {for (const number of part.numbers) {
        column.add(numberText(number));
        break;
      }}
  }
  return column;
}

function valueIn(part: string, column: TextColumn, kind: TextKind | undefined): Value {
  const value = column.read(part);
  if (value === undefined) {
    throw new SyntaxError(`a value is missing; an empty text is written ""`);
  }
  return checkKind(value, part, kind);
}

function checkKind(value: Value, part: string, kind: TextKind | undefined): Value {
  if (kind === "number" && typeof value !== "number" && typeof value !== "bigint") {
    throw new SyntaxError(`${part.trim()} is no number`);
  }
  return value;
}

function unique(values: readonly Value[]): Value[] {
  return [...new Map(values.map((value) => [writeCell(value), value])).values()];
}
