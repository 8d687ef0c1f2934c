import { columnText, secondsText, shortValue } from "../../figures/draw/numbers.js";
import { domainOf, partPlaces } from "../../figures/draw/scales.js";
import { joinedParts, joints, nameText, partsOf, withoutBrackets } from "./conditions.js";

/**
 * An axis that a range is chosen of. Its stops are in their order on the axis, from 0 at the bottom to 1 at the top.
 *
 * @typedef {{
 *   name: string,
 *   label: string,
 *   stops: readonly { at: number, text: string }[],
 *   where(from: number, to: number): string | null,
 * }} BrushAxis `where` is the condition of the stops from one to another, as one part; null if there is none.
 */

/** @typedef {import("../../figures/view.ts").ViewAxis} ViewAxis */

/** The number of stops of a metric. */
const STOPS = 41;

/** Returns the axis of a param; its stops are its values. @param {ViewAxis} axis @returns {BrushAxis} */
export function paramBrush(axis) {
  const { name, label, parts } = axis;
  const places = partPlaces(axis, [0, 1]);
  return {
    name,
    label,
    stops: parts.map((part, i) => ({ at: places[i] ?? 0, text: shortValue(part.label) })),
    where: (from, to) => whereOf(axis, from, to),
  };
}

/**
 * Returns the axis of a metric; its better end is at the bottom.
 *
 * @param {string} name The column.
 * @param {string} label
 * @param {import("../../figures/view.ts").Better} better
 * @param {readonly number[]} numbers
 * @returns {BrushAxis}
 */
export function metricBrush(name, label, better, numbers) {
  const [low, high] = domainOf(numbers) ?? [0, 0];
  const digits = Math.min(Math.max(3 - Math.floor(Math.log10(high - low || 1)), 0), 100);
  const values = Array.from({ length: high > low ? STOPS : 1 }, (_, i) => {
    const at = i / (STOPS - 1);
    // The ends are rounded outwards, products perhaps inwards.
    if (i === 0) return Math.min(low, Math.floor(low * 10 ** digits) / 10 ** digits);
    if (i === STOPS - 1) return Math.max(high, Math.ceil(high * 10 ** digits) / 10 ** digits);
    return Number((low + (high - low) * at).toFixed(digits));
  });
  if (better === "higher") values.reverse();
  const text = label === "took" ? secondsText : columnText(values);
  return {
    name,
    label,
    stops: values.map((value, i) => ({
      at: values.length === 1 ? 0.5 : i / (values.length - 1),
      text: text(value),
    })),
    where(from, to) {
      if (from === 0 && to === values.length - 1) return null;
      const ends = [values[from] ?? low, values[to] ?? high].sort((a, b) => a - b);
      return `(${nameText(name)} >= ${ends[0]} and ${nameText(name)} <= ${ends[1]})`;
    },
  };
}

/**
 * Returns the condition of a bin of the distribution.
 *
 * @param {import("../../figures/view.ts").Configurations["histogram"]} histogram
 * @param {string} column
 * @param {number} i
 * @returns {string}
 */
export function binWhere({ least, most, counts }, column, i) {
  const name = nameText(column);
  const start = `${name} >= ${least + (most - least) * i / counts.length}`;
  // The end of the last one is not computed: it would be rounded.
  if (i === counts.length - 1) return `(${start} and ${name} <= ${most})`;
  return `(${start} and ${name} < ${least + (most - least) * (i + 1) / counts.length})`;
}

/**
 * Returns the condition of some values of an axis that lie together; null if it is of all or cannot be said.
 *
 * @param {ViewAxis} axis
 * @param {number} from
 * @param {number} to
 * @returns {string | null}
 */
function whereOf({ name, kind, parts }, from, to) {
  const wheres = parts.slice(from, to + 1).map(({ where }) => where);
  const said = wheres.filter((where) => where !== null);
  if (wheres.length === parts.length || said.length < wheres.length) return null;
  const [first = "", last = first] = [said[0], said.at(-1)];
  if (said.length === 1) return joints(first).length === 0 ? first : `(${first})`;
  const column = nameText(name);
  if (kind === "ranges") {
    // The range of a default has the rows without the param, too.
    const absent = ` or ${column} is absent`;
    const ends = [first, last].map((where) => partsOf(withoutBrackets(where).replace(absent, "")));
    const range = `${ends[0]?.[0]} and ${ends[1]?.at(-1)}`;
    return `(${range}${said.some((where) => where.includes(absent)) ? absent : ""})`;
  }
  const start = `${column} = `;
  const values = said.flatMap((where) =>
    where.startsWith(start) && joints(where).length === 0 ? [where.slice(start.length)] : []
  );
  if (values.length < said.length) {
    return `(${
      said.map((where) => joints(where).length === 0 ? where : `(${where})`).join(" or ")
    })`;
  }
  return kind === "numbers"
    ? `(${column} >= ${values[0]} and ${column} <= ${values.at(-1)})`
    : `${column} in (${values.join(", ")})`;
}

/**
 * Returns a condition with another range of a column, or without one. Parts about this column alone are replaced:
 * the axis has only the values that they let through.
 *
 * @param {string} where
 * @param {{ readonly name: string, readonly label: string }} axis
 * @param {string | null} range
 * @returns {string}
 */
export function withRange(where, { name, label }, range) {
  const names = [nameText(name), nameText(label)];
  const others = partsOf(where).filter((part) => !isAbout(part, names));
  return joinedParts(range === null ? others : [...others, range]);
}

/** True if a condition compares nothing but a column. @param {string} text @param {readonly string[]} names @returns {boolean} */
function isAbout(text, names) {
  const bare = withoutBrackets(text.trim());
  const words = joints(bare);
  if (words.length > 0) {
    return [0, ...words.map(({ at, word }) => at + word.length)]
      .every((start, i) => isAbout(bare.slice(start, words[i]?.at), names));
  }
  return names.some((name) =>
    bare.startsWith(name) && /^\s*(?:[<>]=?|=|in\b|is\b)/i.test(bare.slice(name.length))
  );
}
