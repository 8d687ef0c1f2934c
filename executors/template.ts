import { argumentText } from "../core/values/argument_text.ts";
import { shown } from "../core/values/described.ts";
import { nearestName } from "../core/values/nearest_name.ts";
import { texts } from "../core/options/option_forms.ts";
import type { Row } from "../core/values/value.ts";

/** A command line with placeholders: the texts of each word, and the names of params between them. */
export type Template = readonly (readonly Part[])[];

type Part = string | { readonly name: string };

/** The id of a run, and its slot among the runs under way. */
export interface Place {
  readonly id: string;
  readonly slot: number;
}

/** A name begins like one in a program, and goes on as any text: `{learning rate}`. */
const PART = /\{([\p{L}_$](?:[^{}]*[^{}\s])?)\}|[{}]|[^{}]+/gu;

/** Parts of a word with doubled braces. */
const DOUBLED_PART = new RegExp(`\\{\\{|\\}\\}|${PART.source}`, "gu");

/** Signs that names of params seldom have, and code has. */
const CODE = /[^\p{L}\p{N}_$. -]|\s\$/u;

/**
 * Parses the words of a command line: `{alpha}` or `{learning rate}` anywhere in one is a placeholder, any other
 * brace is itself. In a word with `{{`, doubled braces are braces: `{{alpha}}` is the text `{alpha}`.
 *
 * @throws {TypeError} On a command line without words.
 */
export function parseTemplate(words: readonly string[]): Template {
  if (!texts.isOfType(words)) {
    throw new TypeError(
      `Cannot read a command: it must be an array of words, as in ["python", "train.py", "{seed}"], ` +
        `got ${shown(words)}`,
    );
  }
  if (words.length === 0 || words[0] === "") {
    throw new TypeError(
      'Cannot read a command: it is empty; give its words, ["python", "train.py"]',
    );
  }
  return words.map((word) => {
    const parts: Part[] = [];
    for (const [text, name] of word.matchAll(word.includes("{{") ? DOUBLED_PART : PART)) {
      if (name !== undefined) parts.push({ name });
      else parts.push(text === "{{" || text === "}}" ? text.charAt(0) : text);
    }
    return parts;
  });
}

/**
 * Fills a command line with params. Strings are themselves, numbers and bigints as in cells, `true`, `false`
 * and `null` as in JSON, arrays and objects JSON. `{id}` is the id of the run and `{slot}` its
 * slot, unless a param has that name. Code in braces that resembles no param is itself: `{print $1}`.
 *
 * @throws {TypeError} On a placeholder that is no param.
 */
export function fillTemplate(template: Template, params: Row, place: Place): string[] {
  return template.map((parts) =>
    parts.map((part) => {
      if (typeof part === "string") return part;
      const value = Object.hasOwn(params, part.name) ? params[part.name] : undefined;
      if (value !== undefined) return argumentText(value);
      if (part.name === "id" || part.name === "slot") return String(place[part.name]);
      return unknownText(part.name, Object.keys(params));
    }).join("")
  );
}

/** Returns code in braces as it is. @throws {TypeError} If it may be a misspelt param. */
function unknownText(name: string, names: readonly string[]): string {
  const nearest = nearestName(name, names);
  if (nearest === undefined && CODE.test(name)) return `{${name}}`;
  const advice = nearest === undefined
    ? `write {{${name}}} where braces are meant`
    : `did you mean {${nearest}}?`;
  throw new TypeError(
    `Cannot fill {${name}}: the params are ${names.join(", ") || "none"}; ${advice}`,
  );
}
