/**
 * Returns the value of a JSON text. Integers that a double does not hold are their digits, where the browser gives
 * them.
 *
 * @param {string} text
 * @returns {any}
 */
export function parse(text) {
  return JSON.parse(
    text,
    /** @type {any} */ (
      /** @param {string} _ @param {unknown} value @param {{ source?: string }} [context] */
      (_, value, context) => {
        if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
        // Of 1e+21 the double is what is meant.
        const source = context?.source ?? "";
        return /^-?[0-9]+$/.test(source) ? source : value;
      }
    ),
  );
}
