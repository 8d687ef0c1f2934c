import { createHash } from "node:crypto";
import type { Key, KeyShape } from "../../core/keys/key.ts";
import { isKeyColumn, NAMESPACE } from "../../core/values/columns.ts";
import { readCell, writeCell } from "../../core/values/cell.ts";
import type { Row } from "../../core/values/value.ts";
import { type Column, encode, fits, type Kind, parameterType } from "./column_kind.ts";
import { type Layout, MORE } from "./layout.ts";
import { allOf, literal, quoted, textArray } from "./sql_text.ts";

/** A key, as far as rows are found by it. */
export type RowKey = Pick<Key, "shape" | "values">;

/** Maximum number of columns in the hash of a key. The others are compared. */
const MAX_HASHED = 64;

/** Keys in a statement. */
export interface KeyMatch {
  /** The keys as a FROM item `k`, with their number `n` from 1. */
  readonly relation: string;
  /** Its parameters. */
  readonly values: readonly unknown[];
  /** The condition that a row `r` has the key `k`. */
  readonly isRow: string;
}

/** A column of the keys that the table has. */
interface Typed {
  readonly column: Column;
  /** The cell that counts where a row has none. */
  readonly otherwise: string | undefined;
  /** The column of a row, before the cell that counts where it has none. */
  base(row: string): string;
}

/**
 * The SQL of keys with the same columns, for a table with a certain layout.
 *
 * A key is a relation `k` with a column for each column of the table, and the cells that do not fit one as
 * JSON. A row has a key if all of these are equal. An index on a hash of them finds the row.
 */
export class KeyForm {
  /** Names of the key's columns, sorted. */
  readonly names: readonly string[];
  readonly #isOpen: boolean;
  readonly #defaults: ReadonlyMap<string, string>;
  readonly #layout: Layout;
  readonly #typed: readonly Typed[];
  readonly #untyped: readonly string[];

  constructor(shape: KeyShape, names: readonly string[], layout: Layout) {
    this.names = names;
    this.#isOpen = shape.columns === undefined;
    this.#defaults = shape.defaults;
    this.#layout = layout;
    this.#typed = names.flatMap((name) => {
      const column = layout.columns.get(name);
      if (!column) return [];
      const base = (row: string): string => typedColumn(column, row);
      return [{ column, otherwise: shape.defaults.get(name), base }];
    });
    this.#untyped = names.filter((name) => !layout.columns.has(name));
  }

  /** Returns keys as a FROM item, and the condition that a row has one of them. */
  match(keys: readonly Row[], firstParameter: number): KeyMatch {
    const values: unknown[] = [];
    const arrays: string[] = [];
    const names: string[] = [];
    const add = (name: string, type: string, array: readonly (string | null)[]): void => {
      arrays.push(`$${firstParameter + values.length}::${type}[]`);
      values.push(textArray(array));
      names.push(name);
    };
    let isPlain = this.#untyped.length === 0 && this.#typed.length > 0;
    for (const [i, { column: { name, kind } }] of this.#typed.entries()) {
      const cells = keys.map((key) => {
        const value = Object.hasOwn(key, name) ? key[name] : undefined;
        return value === undefined || !fits(value, kind) ? null : encode(value, kind);
      });
      isPlain &&= !cells.includes(null);
      add(`c${i}`, parameterType(kind), cells);
    }
    const unnested = (): string =>
      `unnest(${arrays.join(", ")}) WITH ORDINALITY AS k(${names.join(", ")}, n)`;
    if (isPlain) return { relation: unnested(), values, isRow: this.#hasPlainKey() };
    const more = keys.map((key) => this.#moreOf(key));
    const hasMore = more.some((cells) => cells !== null);
    // An array at least gives the number of keys.
    if (hasMore || arrays.length === 0) add("m", "jsonb", more);
    const relation = names.includes("m")
      ? unnested()
      : `(SELECT k.*, NULL::jsonb AS m FROM ${unnested()}) AS k`;
    return { relation, values, isRow: this.#hasKey() };
  }

  /** Returns the cells of a key that fit no column, as JSON; null if there is none. */
  #moreOf(key: Row): string | null {
    let cells: Record<string, string> | undefined;
    for (const name of this.names) {
      const value = Object.hasOwn(key, name) ? key[name] : undefined;
      const column = this.#layout.columns.get(name);
      if (value === undefined || column && fits(value, column.kind)) continue;
      cells ??= Object.create(null) as Record<string, string>;
      cells[name] = writeCell(value);
    }
    return cells ? JSON.stringify(cells) : null;
  }

  /** The hash of a row, as in the index. */
  hashOfRow(row = ""): string {
    const prefix = row && `${row}.`;
    return this.#hash(
      (typed) => typedOr(typed, prefix),
      (name) => this.#moreOr(name, prefix),
    );
  }

  /** The digest of the hash of rows: equal for forms that can use the same index. */
  digest(table: string): string {
    return createHash("sha256").update(`${table}\0${this.hashOfRow()}`).digest("hex").slice(0, 16);
  }

  /** The columns in the hash. */
  #hashed(): readonly { readonly name: string; readonly kind: Kind; readonly i: number }[] {
    return this.#typed.map(({ column: { name, kind } }, i) => ({ name, kind, i }))
      .filter(({ kind }) => kind !== "other").slice(0, MAX_HASHED);
  }

  #hash(typed: (typed: Typed, i: number) => string, more: (name: string) => string): string {
    const terms = this.#hashed().map(({ name, kind, i }, n) => {
      const seed = n + 1;
      const hash = hashOf(typed(this.#typed[i]!, i), kind, seed);
      return `COALESCE(${hash}, hashtextextended(${more(name)}, ${seed}), 0)`;
    });
    for (const name of this.#untyped) {
      if (!this.#layout.more.has(name) || terms.length === MAX_HASHED) continue;
      const seed = terms.length + 1;
      terms.push(`COALESCE(hashtextextended(${more(name)}, ${seed}), 0)`);
    }
    return terms.length > 0 ? `(${terms.join(" # ")})` : "(0::bigint)";
  }

  /** The condition that a row `r` has the key `k`, each cell of which is in a column: quicker to plan. */
  #hasPlainKey(): string {
    const hashes = this.#hashed().map(({ kind, i }, n) => hashOf(`k.c${i}`, kind, n + 1));
    const hash = hashes.length > 0 ? `(${hashes.join(" # ")})` : "0";
    const cells = this.#typed.map((typed, i) => `${typedOr(typed, "r.")} = k.c${i}`);
    return allOf([`${this.hashOfRow("r")} = ${hash}`, ...cells, ...this.#noOthers()]);
  }

  /** The condition that a row `r` has the key `k`. */
  #hasKey(): string {
    const hash = this.#hash((_, i) => `k.c${i}`, (name) => `(k.m->>${literal(name)})`);
    const terms = this.#typed.map((typed, i) => {
      const cell = typedOr(typed, "r.");
      return `(${cell} = k.c${i} OR ${cell} IS NULL AND k.c${i} IS NULL)`;
    });
    const more: string[] = [];
    for (const name of this.names) {
      const cell = this.#moreOr(name, "r.");
      const isPlain = cell === moreCell(name, "r.");
      (isPlain ? more : terms).push(
        `${cell} IS NOT DISTINCT FROM (k.m->>${literal(name)})`,
      );
    }
    if (more.length > 0) {
      terms.push(`(r.${quoted(MORE)} IS NULL AND k.m IS NULL OR ${allOf(more)})`);
    }
    return allOf([`${this.hashOfRow("r")} = ${hash}`, ...terms, ...this.#noOthers()]);
  }

  /** The conditions that a row has no further column of an open key. */
  #noOthers(): string[] {
    if (!this.#isOpen) return [];
    const known = new Set(this.names);
    const terms = [...this.#layout.columns.keys()]
      .filter((name) => isKeyColumn(name) && !known.has(name))
      .map((name) => `r.${quoted(name)} IS NULL`);
    const names = `ARRAY[${this.names.map(literal).join(", ")}]::text[]`;
    const more = `r.${quoted(MORE)}`;
    return [
      ...terms,
      `(${more} IS NULL OR NOT EXISTS (SELECT FROM jsonb_object_keys(${more}) AS j(name)
        WHERE j.name <> ALL (${names}) AND (j.name = '${NAMESPACE}' OR
          NOT (starts_with(j.name, '_stet_') OR j.name = 'result' OR starts_with(j.name, 'result.')))))`,
    ];
  }

  /** The cell of a row that is in no column, or the one that counts where there is none. */
  #moreOr(name: string, row: string): string {
    const cell = moreCell(name, row);
    const otherwise = this.#defaults.get(name);
    if (otherwise === undefined) return cell;
    const column = this.#layout.columns.get(name);
    if (!column) return `COALESCE(${cell}, ${literal(otherwise)})`;
    if (fits(readCell(otherwise)!, column.kind)) return cell;
    return `CASE WHEN ${row}${quoted(name)} IS NULL THEN COALESCE(${cell}, ${
      literal(otherwise)
    }) END`;
  }
}

/** Returns the names of the columns of a key: for one without declared columns, those that it has. */
export function namesOf({ shape, values }: RowKey): readonly string[] {
  return shape.columns ?? Object.keys(values).filter(isKeyColumn).sort();
}

function moreCell(name: string, row: string): string {
  return `(${row}${quoted(MORE)}->>${literal(name)})`;
}

/** A column in the type of the parameters that it is compared with. */
function typedColumn({ name, kind, type }: Column, row: string): string {
  const column = row + quoted(name);
  const wanted = parameterType(kind);
  return type === wanted ? column : `${column}::${wanted}`;
}

/** A column, or the value that counts where a row has none. */
function typedOr({ column, otherwise, base }: Typed, row: string): string {
  if (otherwise === undefined) return base(row);
  const value = readCell(otherwise)!;
  if (!fits(value, column.kind)) return base(row);
  const text = `${literal(encode(value, column.kind))}::${parameterType(column.kind)}`;
  return `COALESCE(${base(row)}, CASE WHEN ${moreCell(column.name, row)} IS NULL THEN ${text} END)`;
}

function hashOf(cell: string, kind: Kind, seed: number): string {
  switch (kind) {
    case "bigint":
      return `hashint8extended(${cell}, ${seed})`;
    case "double":
      return `hashfloat8extended(${cell}, ${seed})`;
    case "boolean":
      return `hashint8extended((${cell})::int, ${seed})`;
    default:
      return `hashtextextended(${cell}, ${seed})`;
  }
}
