/**
 * Returns the parts of a condition that are joined by `and`. A condition with an `or` outside of parentheses
 * is one part.
 *
 * @param {string} where
 * @returns {string[]}
 */
export function partsOf(where) {
  const words = joints(where);
  if (words.some(({ word }) => word === "or")) return [where.trim()];
  const parts = [];
  let start = 0;
  for (const { at, word } of words) {
    parts.push(where.slice(start, at));
    start = at + word.length;
  }
  parts.push(where.slice(start));
  return parts.map((part) => part.trim()).filter((part) => part !== "");
}

/**
 * Returns a condition with the parts of another added that it lacks.
 *
 * @param {string} where
 * @param {string} added
 * @returns {string}
 */
export function withParts(where, added) {
  const parts = partsOf(where);
  const fresh = partsOf(added).filter((part) => !parts.includes(part));
  return joinedParts([...parts, ...fresh]);
}

/**
 * Returns a part of a condition without the brackets around all of it.
 *
 * @param {string} part
 * @returns {string}
 */
export function withoutBrackets(part) {
  const inner = part.slice(1, -1);
  // Of `(a) and (b)`, which is no part, and of `(a) = (b)` the brackets are not a pair.
  return /^\(.*\)$/s.test(part) && !/^[^(]*\)/.test(inner) ? inner : part;
}

/** Returns a condition without one of its parts. @param {string} where @param {number} index @returns {string} */
export function withoutPart(where, index) {
  return joinedParts(partsOf(where).filter((_, i) => i !== index));
}

/**
 * Returns the condition that a column has a value as it is on the wire: a string there is cell text.
 *
 * @param {string} column
 * @param {unknown} value
 * @returns {string}
 */
export function equals(column, value) {
  const name = nameText(column);
  if (value === null) return `${name} is null`;
  if (value === undefined) return `${name} is absent`;
  if (typeof value !== "string") return `${name} = ${JSON.stringify(value)}`;
  if (/^(?:nan|-?inf|-?[0-9]+)$/.test(value)) return `${name} = ${value}`;
  if (isLargeInteger(value)) return `${name} = ${value.slice(0, -1)}`;
  return `${name} = '${plainText(value).replaceAll("'", "''")}'`;
}

/** True for the cell text of an integer beyond 64 bits: 1n is a text. @param {string} cell @returns {boolean} */
function isLargeInteger(cell) {
  if (!/^-?[0-9]+n$/.test(cell)) return false;
  const integer = BigInt(cell.slice(0, -1));
  return BigInt.asIntN(64, integer) !== integer;
}

/** Returns cell text as the text that it spells. @param {string} cell @returns {string} */
export function plainText(cell) {
  if (!/^".*"$/s.test(cell)) return cell;
  try {
    const text = JSON.parse(cell);
    return typeof text === "string" ? text : cell;
  } catch {
    return cell;
  }
}

/** Returns a column's name as conditions spell it. @param {string} name @returns {string} */
export function nameText(name) {
  const isBare = /^[\p{L}_$][\p{L}\p{N}_$.]*$/u.test(name) &&
    !/^(?:and|or|not|in|is|absent|true|false|null|nan|inf)$/i.test(name);
  return isBare ? name : `"${name.replaceAll('"', '""')}"`;
}

/** Returns the condition that all of some conditions hold. @param {readonly string[]} parts @returns {string} */
export function joinedParts(parts) {
  if (parts.length < 2) return parts.join("");
  return parts.map((part) => joints(part).length > 0 ? `(${part})` : part).join(" and ");
}

/**
 * Returns the words `and` and `or` of a text that are outside of quotes and brackets.
 *
 * @param {string} text
 * @returns {{ at: number, word: "and" | "or" }[]}
 */
export function joints(text) {
  const found = [];
  let depth = 0;
  for (
    const { 0: token, index } of text.matchAll(
      /"(?:[^"]|"")*"|'(?:[^']|'')*'|[[({]|[\])}]|[\p{L}_$][\p{L}\p{N}_$.]*/gu,
    )
  ) {
    if ("[({".includes(token)) depth++;
    else if ("])}".includes(token)) depth--;
    else if (depth === 0 && /^(?:and|or)$/i.test(token)) {
      found.push({ at: index, word: /** @type {"and" | "or"} */ (token.toLowerCase()) });
    }
  }
  return found;
}
