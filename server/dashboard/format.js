const whole = new Intl.NumberFormat("en");
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const short = new Intl.DateTimeFormat(undefined, {
  month: "short",
  day: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});

/** @param {number} count @returns {string} */
export function countText(count) {
  return whole.format(count);
}

/** A number in about four digits; integers whole. @param {number} number @returns {string} */
export function numberText(number) {
  return String(Number.isInteger(number) ? number : Number(number.toPrecision(4)));
}

/** @type {readonly (readonly [string, number])[]} */
const UNITS = [["d", 86_400], ["h", 3600], ["m", 60], ["s", 1]];

/** A duration in two units at most: `40ms`, `1.4s`, `1m 20s`, `2h 5m`. @param {number} seconds @returns {string} */
export function durationText(seconds) {
  if (seconds < 0.0005) return "0s";
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)}ms`;
  if (seconds < 9.95) return `${Math.round(seconds * 10) / 10}s`;
  let rest = Math.round(seconds);
  const first = UNITS.findIndex(([, size]) => rest >= size);
  const [, smallest] = /** @type {readonly [string, number]} */ (
    UNITS[Math.min(first + 1, UNITS.length - 1)]
  );
  rest = Math.round(rest / smallest) * smallest;
  const parts = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count}${unit}`);
  }
  return parts.slice(0, 2).join(" ");
}

/** How quickly runs end. @param {number | null} perSecond @returns {string} */
export function rateText(perSecond) {
  if (perSecond === null) return "–";
  if (perSecond >= 1) return `${numberText(Number(perSecond.toPrecision(3)))}/s`;
  if (perSecond * 60 >= 1) return `${numberText(Number((perSecond * 60).toPrecision(3)))}/min`;
  return `${numberText(Number((perSecond * 3600).toPrecision(3)))}/h`;
}

/** How long ago. @param {string} time ISO 8601 @param {number} now @returns {string} */
export function agoText(time, now) {
  const seconds = (now - Date.parse(time)) / 1000;
  return seconds < 1.5 ? "just now" : `${durationText(Math.max(Math.round(seconds), 0))} ago`;
}

/** A time of day, with the date if it is not today's. @param {number} seconds since 1970 @returns {string} */
export function timeText(seconds) {
  const date = new Date(seconds * 1000);
  return date.toDateString() === new Date().toDateString()
    ? clock.format(date)
    : short.format(date);
}

/**
 * A cell as text. Strings are cell text already.
 *
 * @param {unknown} value
 * @returns {string}
 */
export function valueText(value) {
  if (value === undefined) return "";
  if (typeof value === "string") return value;
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** A cell as text, numbers in about four digits. @param {unknown} value @returns {string} */
export function shortText(value) {
  return typeof value === "number" ? numberText(value) : valueText(value);
}

/** Cell text as it is short: numbers in about four digits. @param {string} text @returns {string} */
export function tickText(text) {
  const number = Number(text);
  return text.length > 6 && text.trim() !== "" && Number.isFinite(number)
    ? numberText(number)
    : text;
}

/** The order of params, which is the store's. @type {readonly string[]} */
let order = [];

/** @param {readonly string[]} names */
export function setOrder(names) {
  order = names;
}

/**
 * Params in one line, in the store's order: `alpha=0.1 seed=3`.
 *
 * @param {Readonly<Record<string, unknown>>} params
 * @param {(value: unknown) => string} [textOf]
 * @returns {string}
 */
export function paramsText(params, textOf = shortText) {
  const names = [...order.filter((name) => name in params), ...Object.keys(params)];
  return [...new Set(names)].map((name) => `${name}=${textOf(params[name])}`).join("  ");
}
