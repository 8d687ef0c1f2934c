import { isKeyColumn } from "../../core/values/columns.ts";
import { CELL_END, type KeyShape, NAME_END } from "../../core/keys/key.ts";
import { allOf, quoted } from "./statements.ts";
import { type Affinity, spellings, type SqlValue } from "./sql_value.ts";

/** Maximum number of statement texts that a lookup keeps. */
const MAX_TEXTS = 1000;

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
   * What each column may hold, each followed by a space: `-` anything, `n0` NULL, `2` one of two values,
   * `n2` one of two or NULL.
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
  /** Statements by their selection and the form of their condition. */
  readonly #texts = new Map<string, string>();

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
   * table lacks. Both the columns and the text are sorted by name.
   */
  conditionOf(text: string): Condition | undefined {
    let form = "";
    const bound: SqlValue[] = [];
    let at = 0;
    for (const { name, begin, affinity, byDefault } of this.#parts) {
      if (!text.startsWith(begin, at)) at = this.#skip(text, at, name);
      if (at === -1) return undefined;
      let cell: string | undefined;
      if (text.startsWith(begin, at)) {
        const end = text.indexOf(CELL_END, at);
        cell = text.slice(at + begin.length, end);
        at = end + 1;
      }
      const isDefault = cell !== undefined && cell === byDefault;
      if (affinity === undefined) {
        if (cell !== undefined && !isDefault) return undefined;
        form += "- ";
      } else if (cell === undefined) form += "n0 ";
      else {
        const before = bound.length;
        bound.push(...spellings(cell, affinity));
        form += `${isDefault ? "n" : ""}${bound.length - before} `;
      }
    }
    return this.#skip(text, at, undefined) === -1 ? undefined : { form, bound };
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

  /** Returns a statement for a form of condition, which `make` makes once. */
  statement(selection: string, form: string, make: (condition: string) => string): string {
    const id = selection + form;
    let sql = this.#texts.get(id);
    if (sql === undefined) {
      if (this.#texts.size >= MAX_TEXTS) this.#texts.clear();
      this.#texts.set(id, sql = make(this.sql(form)));
    }
    return sql;
  }

  /** Returns a form of condition as SQL. */
  sql(form: string): string {
    const parts = form.split(" ");
    return allOf(this.#parts.flatMap(({ name }, i) => {
      const part = parts[i]!;
      const count = Number(/\d+/.exec(part)?.[0] ?? 0);
      if (part === "-") return [];
      if (part === "n0") return [`${quoted(name)} IS NULL`];
      const marks = count === 1 ? "= ?" : `IN (${Array(count).fill("?").join(", ")})`;
      const term = `${quoted(name)} ${marks}`;
      return [part.startsWith("n") ? `(${term} OR ${quoted(name)} IS NULL)` : term];
    }));
  }
}
