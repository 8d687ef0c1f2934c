import { numberText, secondsText } from "../../figures/draw/numbers.js";

const whole = new Intl.NumberFormat("en");
const clock = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});
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
  return seconds < 1.5 ? "just now" : `${secondsText(Math.max(Math.round(seconds), 0))} ago`;
}

/** A time of day, with the date if it is not today's. @param {number} seconds since 1970 @returns {string} */
export function timeText(seconds) {
  const date = new Date(seconds * 1000);
  return date.toDateString() === new Date().toDateString()
    ? clock.format(date)
    : short.format(date);
}

/** Params and values in one line: `alpha = 0.1, seed = 3`. @param {readonly { name: string, value: string }[]} named @returns {string} */
export function namedText(named) {
  return named.map(({ name, value }) => `${name} = ${value}`).join(", ");
}

/** A count and its noun: `1 run`, `5,000 runs`. @param {number} count @param {string} noun @returns {string} */
export function counted(count, noun) {
  return `${countText(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** An ordinal number: `1st`, `12th`. @param {number} number @returns {string} */
export function ordinalText(number) {
  const tens = number % 100;
  const ending = tens > 10 && tens < 14 ? "th" : ["th", "st", "nd", "rd"][number % 10] ?? "th";
  return `${countText(number)}${ending}`;
}
