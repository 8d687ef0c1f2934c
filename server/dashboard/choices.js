/**
 * The choices of the page are its address: each has a name there, and one that is absent is made by the
 * data. Those of `ViewQuery` have the same names; the others are of the page alone.
 *
 * @typedef {{ readonly [Name in typeof NAMES[number]]?: string }} Choices
 */

/** The names of a query of a view. */
export const VIEW_NAMES = /** @type {const} */ ([
  "metric",
  "better",
  "over",
  "where",
  "x",
  "y",
  "z",
  "agg",
  "other",
  "row",
  "column",
  "text",
  "namespace",
]);

const NAMES = /** @type {const} */ ([...VIEW_NAMES, "status", "columns", "sort", "page", "run"]);

/** Choices for which an empty text means "none". All others are absent when they are empty. */
const CAN_BE_EMPTY = new Set(["over", "y", "z", "namespace"]);

/** The choices that another choice makes meaningless. @type {Readonly<Record<string, readonly string[]>>} */
const RESETS = {
  where: ["page"],
  status: ["page"],
  sort: ["page"],
  metric: ["better", "sort", "page"],
  namespace: [
    "metric",
    "better",
    "over",
    "where",
    "x",
    "y",
    "z",
    "other",
    "row",
    "column",
    "text",
    "status",
    "columns",
    "sort",
    "page",
  ],
};

/** Returns the choices in the query of an address. @param {string} search @returns {Choices} */
export function readChoices(search) {
  const params = new URLSearchParams(search);
  return kept(Object.fromEntries(NAMES.map((name) => [name, params.get(name) ?? undefined])));
}

/** Returns choices as the query of an address, with its question mark. @param {Choices} choices @returns {string} */
export function searchOf(choices) {
  const params = new URLSearchParams(/** @type {Record<string, string>} */ (kept(choices)));
  const text = params.toString();
  return text === "" ? "" : `?${text}`;
}

/** Returns choices after some were changed. @param {Choices} choices @param {Choices} changes @returns {Choices} */
export function changed(choices, changes) {
  const resets = Object.keys(changes).flatMap((name) => RESETS[name] ?? []);
  const reset = Object.fromEntries(resets.map((name) => [name, undefined]));
  return kept({ ...choices, ...reset, ...changes });
}

/** Returns the choices that a view depends on. @param {Choices} choices @returns {Choices} */
export function viewQuery(choices) {
  return kept(Object.fromEntries(VIEW_NAMES.map((name) => [name, choices[name]])));
}

/** @param {{ readonly [name: string]: string | undefined }} choices @returns {Choices} */
function kept(choices) {
  const entries = Object.entries(choices)
    .filter(([name, value]) => value !== undefined && (value !== "" || CAN_BE_EMPTY.has(name)));
  return Object.fromEntries(entries);
}
