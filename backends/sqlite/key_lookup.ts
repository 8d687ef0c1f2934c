import type { StatementSync } from "node:sqlite";
import { isKeyColumn } from "../../core/values/columns.ts";
import { CELL_END, type Key, type KeyShape, NAME_END } from "../../core/keys/key.ts";
import { writeCell } from "../../core/values/cell.ts";
import type { Row } from "../../core/values/value.ts";
import { allOf, quoted } from "./statements.ts";
import {
  type Affinity,
  isKeptAsNumber,
  onlySpelling,
  spellings,
  type SqlValue,
} from "./sql_value.ts";

/** A key, or columns that a row agrees with, which have no text. */
export type RowKey = Pick<Key, "shape" | "values"> & { readonly text?: string };

/** The text of a cell, or a number that is bound as it is. */
type Cell = string | number;

/** A column of a shape of keys. */
interface Part {
  readonly name: string;
  /** Beginning of its entry in a key's text. */
  readonly begin: string;
  /** Undefined if the table lacks the column. */
  readonly affinity: Affinity | undefined;
  /** Cell that counts where a row lacks the column. */
  readonly byDefault: string | undefined;
}

/** The condition of one key. */
interface Condition {
  /**
   * What each column may hold: `-` anything, `n0` NULL, `2` one of two values, `n2` one of two or NULL.
   */
  readonly form: string;
  readonly bound: readonly SqlValue[];
}

/** The lookup of keys of one shape in a table with certain columns. */
export class KeyLookup {
  /** True once the table has an index for it, or cannot have one. */
  isIndexed = false;
  readonly #parts: readonly Part[];
  readonly #defaults: ReadonlyMap<string, string>;
  /** Statements by the cells that they select and the form of their condition. */
  readonly statements = new Map<string, StatementSync>();

  constructor(
    { columns, defaults }: KeyShape,
    present: ReadonlyMap<string, Affinity>,
  ) {
    const names = columns ?? [...present.keys()].filter(isKeyColumn).sort();
    this.#defaults = defaults;
    this.#parts = names.map((name) => ({
      name,
      begin: name + NAME_END,
      affinity: present.get(name),
      byDefault: defaults.get(name),
    }));
  }

  /** The columns of the keys that the table has. */
  get columns(): string[] {
    return this.#parts.filter(({ affinity }) => affinity).map(({ name }) => name);
  }

  /**
   * Returns the condition that a row has a key, or undefined if no row can: the key has a column that the
   * table lacks.
   */
  conditionOf({ text, values }: RowKey): Condition | undefined {
    const cells = text === undefined ? this.#cellsOf(values) : this.#cellsIn(text);
    if (!cells) return undefined;
    let form = "";
    const bound: SqlValue[] = [];
    for (let i = 0; i < cells.length; i++) {
      const cell = cells[i];
      const { affinity, byDefault } = this.#parts[i]!;
      const isDefault = cell !== undefined && cell === byDefault;
      if (affinity === undefined) {
        if (cell !== undefined && !isDefault) return undefined;
        form += "-";
      } else if (cell === undefined) form += "n0";
      else {
        if (isDefault) form += "n";
        const only = typeof cell === "number" ? cell : onlySpelling(cell, affinity);
        const all = only === undefined ? spellings(cell as string, affinity) : [only];
        for (const each of all) bound.push(each);
        form += all.length;
      }
    }
    return { form, bound };
  }

  #cellsOf(values: Row): (Cell | undefined)[] {
    return this.#parts.map(({ name, affinity }) => {
      const value = Object.hasOwn(values, name) ? values[name] : undefined;
      if (value === undefined) return undefined;
      return affinity === "NUMERIC" && isKeptAsNumber(value) ? value : writeCell(value);
    });
  }

  /** Both the columns and the text are sorted by name. */
  #cellsIn(text: string): (Cell | undefined)[] | undefined {
    const cells: (Cell | undefined)[] = [];
    let at = 0;
    for (const { name, begin } of this.#parts) {
      if (!text.startsWith(begin, at)) at = this.#skip(text, at, name);
      if (at === -1) return undefined;
      const isIn = text.startsWith(begin, at);
      const end = isIn ? text.indexOf(CELL_END, at) : at;
      cells.push(isIn ? text.slice(at + begin.length, end) : undefined);
      if (isIn) at = end + 1;
    }
    return this.#skip(text, at, undefined) === -1 ? undefined : cells;
  }

  /**
   * Returns the end of the entries before a column, or of all; -1 if one is not the default: the table lacks
   * its column.
   */
  #skip(text: string, start: number, before: string | undefined): number {
    let at = start;
    while (at < text.length) {
      const nameEnd = text.indexOf(NAME_END, at);
      const name = text.slice(at, nameEnd);
      if (before !== undefined && name >= before) break;
      const end = text.indexOf(CELL_END, nameEnd);
      if (this.#defaults.get(name) !== text.slice(nameEnd + 1, end)) return -1;
      at = end + 1;
    }
    return at;
  }

  /** Returns a form of condition as SQL. */
  sql(form: string): string {
    const parts = form.match(/-|n?\d/g) ?? [];
    return allOf(this.#parts.flatMap(({ name }, i) => {
      const part = parts[i]!;
      const count = Number(part.at(-1));
      if (part === "-") return [];
      if (part === "n0") return [`${quoted(name)} IS NULL`];
      const marks = count === 1 ? "= ?" : `IN (${Array(count).fill("?").join(", ")})`;
      const term = `${quoted(name)} ${marks}`;
      return [part.startsWith("n") ? `(${term} OR ${quoted(name)} IS NULL)` : term];
    }));
  }
}
