import { sourceIn } from "../../core/values/columns.ts";
import type { Row } from "../../core/values/value.ts";
import { Joiner } from "./joiner.ts";
import { MAX_JOINED, MAX_JOINED_CHARACTERS } from "./key_claims.ts";
import { namesOf, type RowKey } from "./key_form.ts";
import type { Looked, RunTable } from "./run_table.ts";

/** A lookup that waits. */
interface Look {
  readonly key: RowKey;
  readonly looked: Looked;
}

/** The lookups of a store: those that wait at the same time are made in one statement. */
export class RowLooks {
  readonly #table: RunTable;
  readonly #looks = new Joiner<Look, Row | undefined>((looks) => this.#lookAll(looks), {
    maxItems: MAX_JOINED,
    maxSize: MAX_JOINED_CHARACTERS,
    sizeOf: ({ key }) => sizeOf(key),
  });

  constructor(table: RunTable) {
    this.#table = table;
  }

  /** Resolves when no lookup is under way. */
  settled(): Promise<void> {
    return this.#looks.settled();
  }

  /** Returns what is looked for of the newest row with a key, or undefined. */
  look(key: RowKey, looked: Looked): Promise<Row | undefined> {
    return this.#looks.add({ key, looked });
  }

  /** Returns the source of the newest row with a key, empty if it has none. */
  async source(key: RowKey): Promise<string | undefined> {
    const row = await this.look(key, "source");
    return row && sourceIn(row);
  }

  async #lookAll(looks: readonly Look[]): Promise<(Row | undefined)[]> {
    const found: (Row | undefined)[] = Array(looks.length);
    const groups = new Map<string, number[]>();
    const shapes = new Map<unknown, number>();
    for (const [i, { key, looked }] of looks.entries()) {
      const { shape } = key;
      const shapeId = shapes.get(shape) ?? shapes.size;
      shapes.set(shape, shapeId);
      const id = `${shapeId} ${looked} ${shape.columns ? "" : JSON.stringify(namesOf(key))}`;
      const group = groups.get(id);
      if (group) group.push(i);
      else groups.set(id, [i]);
    }
    for (const group of groups.values()) {
      const rows = await this.#table.look(
        group.map((i) => looks[i]!.key),
        looks[group[0]!]!.looked,
      );
      for (const [n, i] of group.entries()) found[i] = rows[n];
    }
    return found;
  }
}

/** About the number of characters of a key. */
function sizeOf({ values }: RowKey): number {
  let size = 0;
  for (const value of Object.values(values)) size += typeof value === "string" ? value.length : 8;
  return size;
}
