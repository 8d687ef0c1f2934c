import type { StatementSync } from "node:sqlite";
import { writeCell } from "../../core/values/cell.ts";
import { isKeyColumn } from "../../core/values/columns.ts";
import type { Key, KeyShape } from "../../core/keys/key.ts";
import type { Row, Value } from "../../core/values/value.ts";
import { allOf, quoted } from "./statements.ts";
import { type Affinity, isKeptAsNumber, spellings, type SqlValue } from "./sql_value.ts";

/** A key, as far as rows are found by it. */
export type RowKey = Pick<Key, "shape" | "values">;

/** The condition of one key. */
interface Condition {
  /** The values of each column: `-` any, `n0` NULL, `2` one of two, `n2` one of two or NULL. */
  readonly form: string;
  readonly bound: readonly SqlValue[];
}

/** The lookup of keys of one shape in a table with certain columns. */
export class KeyLookup {
  /** True once the table has an index for it, or cannot have one. */
  isIndexed = false;
  /** Statements by the cells that they select and the form of their condition. */
  readonly statements = new Map<string, StatementSync>();
  readonly #shape: KeyShape;
  readonly #present: ReadonlyMap<string, Affinity>;
  /** The columns of the keys, with their affinities in the table. */
  readonly #columns: readonly (readonly [string, Affinity | undefined])[];

  constructor(shape: KeyShape, present: ReadonlyMap<string, Affinity>) {
    this.#shape = shape;
    this.#present = present;
    this.#columns = (shape.columns ?? [...present.keys()].filter(isKeyColumn))
      .map((name) => [name, present.get(name)]);
  }

  /** The columns of the keys that the table has. */
  get columns(): string[] {
    return this.#columns.filter(([, affinity]) => affinity).map(([name]) => name);
  }

  /**
   * Returns the condition that a row has a key, or undefined if no row can: the key has a column that the
   * table lacks.
   */
  conditionOf(values: Row): Condition | undefined {
    let form = "";
    const bound: SqlValue[] = [];
    for (const [name, affinity] of this.#columns) {
      const value = Object.hasOwn(values, name) ? values[name] : undefined;
      if (affinity === undefined) {
        if (value !== undefined && !this.#isDefault(name, value)) return undefined;
        form += "-";
      } else if (value === undefined) form += "n0";
      else {
        if (this.#isDefault(name, value)) form += "n";
        const before = bound.length;
        if (affinity === "NUMERIC" && isKeptAsNumber(value)) bound.push(value);
        else for (const each of spellings(value, affinity)) bound.push(each);
        form += bound.length - before;
      }
    }
    if (!this.#shape.columns) {
      for (const [name, value] of Object.entries(values)) {
        if (!this.#present.has(name) && !this.#isDefault(name, value)) return undefined;
      }
    }
    return { form, bound };
  }

  /** True if the value counts where a row lacks the column. */
  #isDefault(name: string, value: Value): boolean {
    const { defaults } = this.#shape;
    return defaults.size > 0 && defaults.get(name) === writeCell(value);
  }

  /** Returns a form of condition as SQL. */
  sql(form: string): string {
    const parts = form.match(/-|n?\d/g) ?? [];
    return allOf(this.#columns.flatMap(([name], i) => {
      const part = parts[i]!;
      if (part === "-") return [];
      if (part === "n0") return [`${quoted(name)} IS NULL`];
      const term = `${quoted(name)} IN (${Array(Number(part.at(-1))).fill("?").join(", ")})`;
      return [part.startsWith("n") ? `(${term} OR ${quoted(name)} IS NULL)` : term];
    }));
  }
}
