/** Numbers as people read them. @module */

/** The label of the empty text. */
const EMPTY = '""';

/**
 * Returns a number in at most so many significant digits: `0.2491`, `1e−4`, `12,345`.
 *
 * @param {number} number
 * @param {number} [digits]
 * @returns {string}
 */
export function numberText(number, digits = 4) {
  if (!Number.isFinite(number)) return Number.isNaN(number) ? "NaN" : number > 0 ? "∞" : "−∞";
  const size = Math.abs(number);
  const rounded = Number(number.toPrecision(digits));
  if (size !== 0 && (size < 1e-3 || size >= 1e9)) {
    const [mantissa = "", exponent = ""] = rounded.toExponential().split("e");
    return minus(`${mantissa}e${exponent.replace("+", "")}`);
  }
  const kept = size >= 10 ** digits ? Math.round(number) : rounded;
  return minus(grouped(String(kept)));
}

/**
 * Returns a count: `4,570`.
 *
 * @param {number} count
 * @returns {string}
 */
export function countText(count) {
  return minus(String(count).replace(/\B(?=(?:\d{3})+$)/g, ","));
}

/**
 * Returns a function that writes the numbers of one column with the same decimals, as many as tell them apart.
 *
 * @param {readonly (number | null | undefined)[]} numbers
 * @param {number} [digits] significant digits of their range
 * @returns {(number: number) => string}
 */
export function columnText(numbers, digits = 3) {
  const finite = numbers.filter((it) => typeof it === "number" && Number.isFinite(it));
  const sizes = finite.map((it) => Math.abs(/** @type {number} */ (it)));
  const most = maxOf(sizes);
  const least = minOf(sizes.filter((it) => it > 0));
  if (!(most > 0) || most >= 1e9 || most < 1e-3 || most / least > 1e5) {
    return (number) => numberText(number, digits);
  }
  const values = /** @type {number[]} */ (finite);
  const range = maxOf(values) - minOf(values);
  if (values.every(Number.isInteger)) return (number) => numberText(number, Math.max(digits, 4));
  const wanted = digits - 1 - Math.floor(Math.log10(Math.max(range || most, most / 1e4)));
  let decimals = Math.min(Math.max(wanted, 0), 8);
  while (decimals > 0 && values.every((it) => it.toFixed(decimals).endsWith("0"))) decimals--;
  return (number) => minus(grouped(number.toFixed(decimals)));
}

/**
 * Returns a function that writes numbers of a metric: durations with their units, others as a column.
 *
 * @param {string} metric
 * @param {readonly (number | null)[]} numbers
 * @returns {(number: number) => string}
 */
export function metricText(metric, numbers) {
  return metric === "took" ? secondsText : columnText(numbers);
}

/**
 * Returns a function that writes standard deviations with the same decimals: two significant digits of the
 * smaller ones.
 *
 * @param {readonly (number | null)[]} spreads
 * @returns {(number: number) => string}
 */
export function spreadText(spreads) {
  const usual = usualOf(spreads, 0.25); // the smaller ones have two digits as well
  if (usual === undefined || usual >= 1e9 || usual < 1e-6) {
    return (number) => numberText(number, 2);
  }
  return fixedText(1 - Math.floor(Math.log10(usual)));
}

/**
 * Returns a function that writes means with the same decimals: one more than those of their spreads.
 *
 * @param {readonly number[]} means
 * @param {readonly (number | null)[]} spreads
 * @returns {(number: number) => string}
 */
export function meanText(means, spreads) {
  const usual = usualOf(spreads, 0.5);
  const most = maxOf(means.map(Math.abs));
  if (usual === undefined) return columnText(means);
  if (most >= 1e9 || most < 1e-3 || most / usual > 1e6) return (number) => numberText(number);
  return fixedText(2 - Math.floor(Math.log10(usual)));
}

/** Returns a quantile of positive numbers. @param {readonly (number | null)[]} spreads @param {number} part @returns {number | undefined} */
function usualOf(spreads, part) {
  const known = spreads.map(Number).filter((it) => it > 0 && it < Infinity).sort((a, b) => a - b);
  return known[Math.floor(known.length * part)];
}

/** @param {number} decimals @returns {(number: number) => string} */
function fixedText(decimals) {
  const count = Math.min(Math.max(decimals, 0), 8);
  return (number) =>
    Math.abs(number) < 1e9 ? minus(grouped(number.toFixed(count))) : numberText(number, 3);
}

/**
 * Returns a duration in two units at most: `40 ms`, `1.4 s`, `2 h 5 min`.
 *
 * @param {number} seconds
 * @returns {string}
 */
export function secondsText(seconds) {
  if (!Number.isFinite(seconds)) return "–";
  if (seconds < 0.0005) return "0 s";
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 9.95) return `${Math.round(seconds * 10) / 10} s`;
  const units = /** @type {const} */ ([["d", 86_400], ["h", 3600], ["min", 60], ["s", 1]]);
  const first = units.findIndex(([, size]) => Math.round(seconds) >= size);
  const [unit, size] = units[first] ?? ["s", 1];
  const next = units[first + 1];
  if (next === undefined) return `${Math.round(seconds)} s`;
  const parts = Math.round(seconds / next[1]);
  const per = Math.round(size / next[1]);
  const [whole, rest] = [Math.floor(parts / per), parts % per];
  return rest === 0 || whole >= 10
    ? `${Math.round(seconds / size)} ${unit}`
    : `${whole} ${unit} ${rest} ${next[0]}`;
}

/**
 * Returns a share as a percentage: `81 %`, `8.9 %`, `0.3 %`.
 *
 * @param {number} share
 * @returns {string}
 */
export function percentText(share) {
  const percent = Math.max(share, 0) * 100;
  if (percent > 0 && percent < 0.05) return "< 0.1 %";
  // 99.96 % is not all.
  const text = percent >= 9.95
    ? Math.min(Math.round(percent), percent < 100 ? 99 : 100)
    : Math.round(percent * 10) / 10;
  return `${text} %`;
}

/**
 * Returns the text of a value with a number of many digits shortened: `0.00599` of `0.005994842503189409`.
 *
 * @param {string} text
 * @returns {string}
 */
export function shortValue(text) {
  if (text === "") return EMPTY;
  return text.length > 7 && /^-?\d+\.?\d*(?:e[+-]?\d+)?$/i.test(text) && !/^-?\d+$/.test(text)
    ? numberText(Number(text), 4)
    : text;
}

/**
 * Returns the labels of an axis: numbers in as few digits as tell them apart, of ranges their lower ends.
 *
 * @param {import("../view.ts").ViewAxis} axis
 * @returns {string[]}
 */
export function partLabels({ kind, parts }) {
  if (kind === "texts") return parts.map(({ label }) => label === "" ? EMPTY : label);
  for (let digits = 3; digits <= 6; digits++) {
    const texts = parts.map(({ number, label }) =>
      number === undefined || !Number.isFinite(number) || /^-?\d+$/.test(label)
        ? label
        : numberText(number, digits) + (kind === "ranges" ? "…" : "")
    );
    if (new Set(texts).size === parts.length) return texts;
  }
  return parts.map(({ label }) => label);
}

/** @param {readonly number[]} numbers @returns {number} */
export function minOf(numbers) {
  return numbers.reduce((least, it) => it < least ? it : least, Infinity);
}

/** @param {readonly number[]} numbers @returns {number} */
export function maxOf(numbers) {
  return numbers.reduce((most, it) => it > most ? it : most, -Infinity);
}

/** @param {string} text @returns {string} */
function minus(text) {
  return text.replaceAll("-", "−");
}

/** @param {string} text @returns {string} */
function grouped(text) {
  const [whole = "", rest] = text.split(".");
  const separated = whole.replace(
    /\B(?=(?:\d{3})+$)/g,
    whole.replace("-", "").length > 4 ? "," : "",
  );
  return rest === undefined ? separated : `${separated}.${rest}`;
}
