import { Buffer } from "node:buffer";
import fs from "node:fs";
import { readCell } from "../core/cell.ts";
import { orderColumns, TIMESTAMP } from "../core/columns.ts";
import { joinKinds, kindOf, type SeenKind } from "./column_kind.ts";
import { globEscaped, sqlName, sqlString } from "./duckdb.ts";
import { currentSignature } from "./held_file.ts";

/** How much of each end of the file is looked at, in bytes. */
const SAMPLE = 1 << 16;
const LF = 10, CR = 13;

/** Text that is surely no other value, and its own cell, as in core/cell.ts; times among it. */
const ORDINARY =
  "(?:[a-eghj-mo-su-zA-EGHJ-MO-SU-Z_/]|[0-9]{4}-[0-9]{2}-[0-9]{2}[T ])(?:[ -~]*[!-~])?";
/** The same or a word that is a value. */
const WORD = "[a-zA-Z](?:[ -~]*[!-~])?";
const VALUES = "'none', 'null', 'true', 'false', 'nan', 'inf', 'infinity'";
/** No white space, quote or bracket at the edges where it would count; no control characters. */
const PLAIN = String.raw`[^\s\pZ\pC"\[{](?:[^\pC]*[^\s\pZ\pC])?`;
const NUMBER = String
  .raw`[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?|nan|inf|infinity)`;
/** What PLAIN would take for text. */
const SPECIAL = String.raw`(?i)${NUMBER}|[+-]?[0-9]+n|none|null|true|false`;
/** Values in their one spelling: words, and numbers of at most 15 digits. */
const CANONICAL = String
  .raw`None|True|False|0|-?[1-9][0-9]{0,14}|-?(?:0\.0{0,3}[1-9]|[1-9][0-9]{0,6}\.[0-9]{0,6}[1-9])`;

/** The rows of a CSV store in SQL. */
export interface CsvContent {
  /** Gives the columns of a new file. It ends with an error where a row is not as it seemed. */
  readonly sql: string;
  /** Whether the file is still as it was when it was looked at, and nobody else uses it. */
  isUnchanged(): boolean;
}

/**
 * The rows of a CSV store as DuckDB can read them by itself, in columns of the kinds that recording
 * them one after the other would give. The kinds are guessed by both ends of the file, and each cell is
 * checked. Undefined if the file cannot be read so: nobody may be writing it, its header is one line,
 * lines end with LF, the last one too.
 *
 * @param first Columns that come first, in this order.
 */
export function csvContent(path: string, first: readonly string[]): CsvContent | undefined {
  const signature = currentSignature(path);
  const looked = lookedAt(path);
  if (!looked) return undefined;
  const { names, sample } = looked;
  const kinds = names.map((_, i) => {
    let kind: SeenKind | undefined;
    for (const fields of sample) {
      const value = readCell(fields[i] ?? "");
      if (value !== undefined) kind = joinKinds(kind, kindOf(value));
    }
    return kind?.kind;
  });
  const cells = names.map((_, i) => `c${i}`);
  const values = new Map<string, string>();
  for (const [i, name] of names.entries()) {
    const kind = kinds[i];
    if (kind !== undefined) values.set(name, checked(cells[i]!, kind));
  }
  const now = sqlString(new Date().toISOString());
  const time = values.get(TIMESTAMP);
  const known = first.filter((name) => values.has(name));
  values.set(TIMESTAMP, time === undefined ? now : `coalesce(${time}, ${now})`);
  const columns = orderColumns(known, values.keys())
    .map((name) => `${values.get(name)!} AS ${sqlName(name)}`);
  // A row without a value may be no row; a column that seemed to have none may have one.
  const isWrong = [
    `coalesce(${cells.join(", ")}) IS NULL`,
    ...cells.filter((_, i) => kinds[i] === undefined).map((cell) => `${cell} IS NOT NULL`),
  ].join(" OR ");
  return {
    sql: `SELECT ${columns.join(", ")} FROM read_csv(${sqlString(globEscaped(path))}, ` +
      `auto_detect=false, header=false, skip=1, delim=',', quote='"', escape='"', comment='', ` +
      `new_line='\\n', nullstr='', strict_mode=true, ` +
      `columns={${cells.map((cell) => `${cell}: 'VARCHAR'`).join(", ")}}) ` +
      `WHERE CASE WHEN ${isWrong} THEN error('another row') ELSE true END`,
    isUnchanged: () => currentSignature(path) === signature && !fs.existsSync(`${path}-state`),
  };
}

/** The value of a cell as a column of a kind has it; an error if the cell is of another. */
function checked(cell: string, kind: SeenKind["kind"]): string {
  const wrong = `error('another kind: ' || ${cell})`;
  switch (kind) {
    case "integer": {
      const value = `TRY_CAST(${cell} AS BIGINT)`;
      return `CASE WHEN ${value}::VARCHAR = ${cell} THEN ${value} ` +
        `WHEN ${cell} IS NULL THEN NULL ELSE ${wrong} END`;
    }
    case "double": {
      const value = `TRY_CAST(${cell} AS DOUBLE)`;
      // What most cells pass comes first, as it is cheap. DuckDB's cast takes more than cells do.
      return `CASE WHEN abs(${value}) < 9007199254740992 AND NOT contains(${cell}, '_') AND ` +
        `NOT contains(${cell}, '+') THEN ${value} + 0.0::DOUBLE ` + // not -0
        `WHEN ${cell} IS NULL THEN NULL ` +
        `WHEN ${value} IS NULL OR NOT regexp_full_match(${cell}, '(?i)${NUMBER}') ` +
        // Integers from 2^53 up are bigints, which a double does not keep.
        `OR abs(${value}) >= 9007199254740992 AND regexp_full_match(${cell}, '[+-]?[0-9]+') ` +
        `THEN ${wrong} ELSE ${value} + 0.0::DOUBLE END`;
    }
    case "boolean":
      return `CASE WHEN ${cell} = 'True' THEN true WHEN ${cell} = 'False' THEN false ` +
        `WHEN ${cell} IS NULL THEN NULL ELSE ${wrong} END`;
    case "text":
      return `CASE WHEN ${cell} IS NULL THEN NULL ` +
        `WHEN regexp_full_match(${cell}, '${ORDINARY}') THEN ${cell} ` +
        `WHEN regexp_full_match(${cell}, '${WORD}') AND lower(${cell}) NOT IN (${VALUES}) ` +
        `THEN ${cell} WHEN regexp_full_match(${cell}, '${PLAIN}') AND ` +
        `NOT regexp_full_match(${cell}, '${SPECIAL}') THEN ${cell} ` +
        `WHEN regexp_full_match(${cell}, '${CANONICAL}') THEN ${cell} ELSE ${wrong} END`;
  }
}

/** The columns of a file and the fields of some rows; undefined if it is for the store's own reader. */
function lookedAt(
  path: string,
): { readonly names: readonly string[]; readonly sample: readonly string[][] } | undefined {
  if (fs.existsSync(`${path}-state`)) return undefined; // somebody may be writing it
  const fd = fs.openSync(path, "r");
  try {
    const { size } = fs.fstatSync(fd);
    const head = bytesAt(fd, 0, Math.min(SAMPLE, size));
    const tail = bytesAt(fd, Math.max(0, size - SAMPLE), Math.min(SAMPLE, size));
    if (tail.at(-1) !== LF || head.includes(CR) || head.includes(0)) return undefined;
    const [header, ...lines] = head.toString("utf8").split("\n");
    const names = fieldsOf(header!.replace(/^\ufeff/, ""));
    // A line that is blank is no row; a row of one column that is absent looks the same.
    if (!names || names.length < 2 || lines.length < 2) return undefined;
    if (names.some((name) => name === "" || name.includes("\0"))) return undefined;
    if (new Set(names.map((name) => name.toLowerCase())).size < names.length) return undefined;
    const whole = [...lines.slice(0, -1), ...tail.toString("utf8").split("\n").slice(1, -1)];
    return { names, sample: whole.map((line) => fieldsOf(line) ?? []) };
  } finally {
    fs.closeSync(fd);
  }
}

/** The fields of one line; undefined if its quotes do not close on it. */
function fieldsOf(line: string): string[] | undefined {
  if (!line.includes('"')) return line.split(",");
  const fields: string[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^,"]*))(?:,|$)/y;
  for (;;) {
    const match = field.exec(line);
    if (!match) return undefined;
    fields.push(match[1]?.replaceAll('""', '"') ?? match[2]!);
    if (!match[0].endsWith(",")) return field.lastIndex === line.length ? fields : undefined;
  }
}

function bytesAt(fd: number, at: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, fs.readSync(fd, bytes, 0, length, at));
}
