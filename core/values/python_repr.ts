import { numberText } from "./number_text.ts";
import type { Row, Value } from "./value.ts";

/** Characters that Python's `str.isprintable` does not count as printable, but for the space. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u;

const ESCAPES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/**
 * Returns the text that Python's `repr` has for a value: strings in quotes with their newlines and unprintable
 * characters escaped, `True`, `None`, `[1, 'a']`, `{'n': 1}`. Numbers are spelled as in cells.
 */
export function pythonRepr(value: Value): string {
  switch (typeof value) {
    case "string":
      return stringRepr(value);
    case "number":
      return numberText(value);
    case "boolean":
      return value ? "True" : "False";
    case "bigint":
      return `${value}`;
  }
  if (value === null) return "None";
  if (Array.isArray(value)) return `[${value.map(pythonRepr).join(", ")}]`;
  return dictRepr(value as Row);
}

/** Returns the text that Python's `repr` has for a dict: `{'alpha': 0.1, 'beta': 2}`. */
export function dictRepr(row: Row): string {
  const given = Object.entries(row).filter(([, value]) => value !== undefined);
  const entries = given.map(([name, value]) => `${stringRepr(name)}: ${pythonRepr(value)}`);
  return `{${entries.join(", ")}}`;
}

/** https://docs.python.org/3/library/functions.html#repr: single quotes, unless only double ones need no escape. */
function stringRepr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  return quote + Array.from(text, (character) => escaped(character, quote)).join("") + quote;
}

function escaped(character: string, quote: string): string {
  if (character === "\\" || character === quote) return `\\${character}`;
  if (!UNPRINTABLE.test(character)) return character;
  const known = ESCAPES[character];
  if (known) return known;
  const code = character.codePointAt(0)!.toString(16);
  if (code.length <= 2) return `\\x${code.padStart(2, "0")}`;
  return code.length <= 4 ? `\\u${code.padStart(4, "0")}` : `\\U${code.padStart(8, "0")}`;
}
