/**
 * Regular expressions of cells (core/values/cell.ts), for other programs that read cells: DuckDB (RE2).
 *
 * @module
 */

/**
 * Text that is surely no other value, and its own cell, as in core/values/cell.ts: it begins with letters that
 * none, null, nan, inf, infinity, true and false do not begin with.
 */
export const ORDINARY =
  "(?:[a-eghj-mo-su-zA-EGHJ-MO-SU-Z_/]|[fF][b-zB-Z]|[nN][b-nB-Np-tP-Tv-zV-Z]|[iI][a-mA-Mo-zO-Z]|" +
  "[tT][a-qA-Qs-zS-Z])(?:[ -~]*[!-~])?";
/**
 * No white space, quote or bracket at the edges where it would count; no control characters but newlines and
 * tabs.
 */
export const PLAIN = String.raw`[^\s\pZ\pC"\[{](?:(?:[^\pC]|[\n\t])*[^\s\pZ\pC])?`;
/** Numbers, case aside. */
export const NUMBER = String
  .raw`(?i)[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?|nan|inf|infinity)`;
/** Cells that PLAIN would take for text. */
export const SPECIAL = String.raw`${NUMBER}|[+-]?[0-9]+n|none|null|true|false`;
