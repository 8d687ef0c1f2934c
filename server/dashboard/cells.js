import { numberText, secondsText } from "../../figures/draw/numbers.js";
import { plainText } from "./conditions.js";
import { timeText } from "./format.js";

/** The names of stet's own columns as people read them. @type {Readonly<Record<string, string>>} */
const NAMES = {
  _stet_timestamp: "ended",
  _stet_elapsed: "took",
  _stet_namespace: "namespace",
  _stet_source: "source",
};

/** True for a column that is neither a param nor a result. @param {string} name @returns {boolean} */
export function isReserved(name) {
  return name.startsWith("_stet_") || name === "custom_data";
}

/** True for a result. @param {string} name @returns {boolean} */
export function isResult(name) {
  return /^result(?:\.|$)/.test(name);
}

/** Returns the name of a column as people read it. @param {string} name @returns {string} */
export function columnText(name) {
  return NAMES[name] ?? name.replace(/^result\./, "");
}

/** Returns a value of a column in few characters. @param {string} name @param {unknown} value @returns {string} */
export function cellText(name, value) {
  if (value === undefined) return "";
  if (name === "_stet_timestamp" && typeof value === "string" && !Number.isNaN(Date.parse(value))) {
    return timeText(Date.parse(value) / 1000);
  }
  if (typeof value === "number") {
    return name === "_stet_elapsed" ? secondsText(value) : numberText(value);
  }
  return fullText(value);
}

/** Returns a value as text, not cut: no cell text. @param {unknown} value @returns {string} */
export function fullText(value) {
  if (value === undefined) return "";
  return typeof value === "string" ? plainText(value) : JSON.stringify(value);
}

/**
 * Returns a value of a run in full: a duration with its unit, a time also as the clock of this place shows it.
 *
 * @param {string} name
 * @param {string} text The value as text, not cut.
 * @returns {string}
 */
export function wholeText(name, text) {
  if (name === "_stet_elapsed") {
    const seconds = Number(text);
    const words = secondsText(seconds);
    return seconds < 60 ? `${text} s` : `${text} s (${words})`;
  }
  if (name !== "_stet_timestamp" || Number.isNaN(Date.parse(text))) return text;
  return `${text} (${timeText(Date.parse(text) / 1000)})`;
}
