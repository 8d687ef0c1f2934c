import { parse, type Token } from "acorn";

/** Signs after which a line break ends no statement. */
const OPENING = /[{([,;:?=&|<>]/;
/** Signs before which a line break ends no statement, or one that also ends without it. */
const CLOSING = /[})\],;:?.=&|<>]/;
/** A character of a name or a number. */
const WORD = /[\p{ID_Continue}$]/u;

/**
 * Returns a module without comments and needless blanks. Texts stay as they are, but for the indentation of the lines
 * of templates.
 */
export function compactCode(source: string): string {
  const tokens: Token[] = [];
  parse(source, { ecmaVersion: "latest", sourceType: "module", onToken: tokens });
  const parts: string[] = [];
  let last = "";
  let end = 0;
  for (const token of tokens) {
    const gap = source.slice(end, token.start);
    const text = source.slice(token.start, token.end);
    if (token.type.label === "template") parts.push(text.replace(/\n[ \t]+/g, "\n"));
    else parts.push(blankBetween(last, text, gap), text);
    last = text.at(-1) ?? last;
    end = token.end;
  }
  return parts.join("").trim();
}

/** Returns the blank that two tokens need between them, given the last character of the first one. */
function blankBetween(last: string, after: string, gap: string): string {
  const [first = ""] = after;
  if (gap.includes("\n")) return OPENING.test(last) || CLOSING.test(first) ? "" : "\n";
  const isOne = WORD.test(last) && WORD.test(first) || last === first && "+-/".includes(last);
  return gap !== "" && isOne ? " " : "";
}
