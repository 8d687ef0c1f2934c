import { isReserved, isResult } from "./cells.js";
import { equals, joinedParts } from "./conditions.js";

const NAMESPACE = "_stet_namespace";

/** Returns the condition of the runs of a namespace. @param {string} namespace Empty: of those that have none. @returns {string} */
export function namespaceCondition(namespace) {
  return equals(NAMESPACE, namespace === "" ? undefined : namespace);
}

/**
 * Returns the condition that only the run of a row fulfils. Other runs may have further params.
 *
 * @param {Readonly<Record<string, unknown>>} row
 * @param {readonly string[]} columns The columns of the store.
 * @returns {string}
 */
export function rowCondition(row, columns) {
  const names = columns.filter((name) =>
    !isResult(name) && !isReserved(name) || name === NAMESPACE
  );
  return joinedParts(names.map((name) => equals(name, row[name])));
}
