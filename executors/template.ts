import { argumentText } from "../core/values/argument_text.ts";
import { nearestName } from "../core/values/nearest_name.ts";
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
const PART = /\{\{|\}\}|\{([\p{L}_$](?:[^{}]*[^{}\s])?)\}|[{}]|[^{}]+/gu;

/**
 * Parses the words of a command line: `{alpha}` or `{learning rate}` anywhere in one is a placeholder, `{{` and
 * `}}` are braces.
 *
 * @throws {TypeError} On a brace that is neither, and on a command line without words.
 */
export function parseTemplate(words: readonly string[]): Template {
  if (words.length === 0 || words[0] === "") {
    throw new TypeError(
      'Cannot read a command: it is empty; give its words, ["python", "train.py"]',
    );
  }
  return words.map((word) => {
    const parts: Part[] = [];
    for (const [text, name] of word.matchAll(PART)) {
      if (name !== undefined) parts.push({ name });
      else if (text === "{" || text === "}") throw loneBrace(word, text);
      else parts.push(text === "{{" || text === "}}" ? text.charAt(0) : text);
    }
    return parts;
  });
}

/**
 * Fills a command line with params. Strings are themselves, numbers and bigints as in cells, `true`, `false`
 * and `null` as in JSON, arrays and objects JSON. `{id}` is the id of the run and `{slot}` its
 * slot, unless a param has that name.
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
      throw unknownPlaceholder(part.name, Object.keys(params));
    }).join("")
  );
}

function loneBrace(word: string, brace: string): TypeError {
  return new TypeError(
    `Cannot read ${
      JSON.stringify(word)
    }: "${brace}" is in no placeholder such as {alpha}; double it ` +
      `("${brace}${brace}") where a brace is meant`,
  );
}

function unknownPlaceholder(name: string, names: readonly string[]): TypeError {
  const nearest = nearestName(name, names);
  const isCode = /[^\p{L}\p{N}_$.-]/u.test(name);
  const advice = nearest !== undefined
    ? `; did you mean {${nearest}}?`
    : isCode
    ? "; write {{ and }} where braces are meant"
    : "";
  return new TypeError(
    `Cannot fill {${name}}: the params are ${names.join(", ") || "none"}${advice}`,
  );
}
