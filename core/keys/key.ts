import { readCell, writeCell } from "../values/cell.ts";
import { isKeyColumn } from "../values/columns.ts";
import { Fingerprint } from "./fingerprint.ts";
import { entryOf, type Row, setEntry, toValue } from "../values/value.ts";

/** The columns that make up a key. Made once and used for many keys. */
export interface KeyShape {
  /** The declared key columns, sorted; undefined: every column that is not reserved. */
  readonly columns: readonly string[] | undefined;
  /** Cell text that counts where a row or a call leaves a column out. */
  readonly defaults: ReadonlyMap<string, string>;
}

/** The key of a run: the cells of the key columns, as one text and as values. */
export interface Key {
  /** The columns that the key is of. */
  readonly shape: KeyShape;
  /**
   * The key as one text: `name`, U+001E, cell, U+001F for each column that is not absent, sorted by
   * name. Equal texts are the same key.
   */
  readonly text: string;
  /** Fingerprint of the text, made on first use. */
  readonly fingerprint: Fingerprint;
  /** The values by column; absent ones are left out. */
  readonly values: Row;
}

/** Ends a column's name in a key's text. No param name and no cell holds it. */
export const NAME_END = "\x1e";
/** Ends a cell in a key's text. */
export const CELL_END = "\x1f";

/** Maximum number of shapes that are kept for reuse. */
const MAX_SHAPES = 1000;
const shapes = new Map<string, KeyShape>();

/**
 * Returns the shape of keys with these columns. Equal shapes are one object: stores index rows by shape.
 *
 * @param columns The declared key columns; undefined: every column that is not reserved.
 * @param defaults Values that rows and calls without the column count as having.
 */
export function keyShape(
  columns: Iterable<string> | undefined,
  defaults: Readonly<Record<string, unknown>> = {},
): KeyShape {
  const cells = new Map<string, string>();
  for (const [name, input] of Object.entries(defaults)) {
    const value = toValue(input, `defaults.${name}`);
    if (value !== undefined) cells.set(name, writeCell(value));
  }
  const names = columns === undefined ? undefined : [...new Set(columns)].sort();
  const text = JSON.stringify([names, [...cells].sort()]);
  const shape = shapes.get(text) ?? { columns: names, defaults: cells };
  shapes.delete(text); // to be the newest
  shapes.set(text, shape);
  if (shapes.size > MAX_SHAPES) shapes.delete(shapes.keys().next().value!);
  return shape;
}

/**
 * Returns the key of params in a shape.
 *
 * @param order The order of its values. Default: that of the params. What it leaves out comes last.
 * @throws {TypeError} If a key column holds what a store cannot keep; names its path.
 */
export function keyOf(
  shape: KeyShape,
  params: Readonly<Record<string, unknown>>,
  order?: readonly string[],
): Key {
  return new LazyKey(shape, params, order);
}

/** The params of a key, from its text: the inverse of `Key.text`. */
export function keyParams(text: string): Row {
  const params: Row = {};
  for (const entry of text.split(CELL_END)) {
    const at = entry.indexOf(NAME_END);
    const value = readCell(entry.slice(at + 1));
    if (at !== -1 && value !== undefined) setEntry(params, entry.slice(0, at), value);
  }
  return params;
}

/** Returns a key with other values, such as those of columns that are not in it. */
export function withValues(key: Key, values: Row): Key {
  return {
    shape: key.shape,
    get text(): string {
      return key.text;
    },
    get fingerprint(): Fingerprint {
      return key.fingerprint;
    },
    values,
  };
}

function openColumns(
  shape: KeyShape,
  params: Readonly<Record<string, unknown>>,
): readonly string[] {
  const names = Object.keys(params).filter(isKeyColumn);
  for (const name of shape.defaults.keys()) if (!Object.hasOwn(params, name)) names.push(name);
  return names.sort();
}

function cellOf(input: unknown, name: string): string | undefined {
  switch (typeof input) {
    case "string":
    case "number":
    case "boolean":
      return writeCell(input);
    case "undefined":
      return undefined;
  }
  const value = toValue(input, `params.${name}`);
  return value === undefined ? undefined : writeCell(value);
}

/** Values are needed only when the key is recorded, not when it is looked up. */
class LazyKey implements Key {
  readonly #params: Readonly<Record<string, unknown>>;
  #values: Row | undefined;
  #fingerprint: Fingerprint | undefined;
  readonly #order: readonly string[] | undefined;
  /** The columns, and the cell of each: undefined where it is absent. */
  readonly #columns: readonly string[];
  readonly #cells: (string | undefined)[];
  #text: string | undefined;
  readonly shape: KeyShape;

  constructor(
    shape: KeyShape,
    params: Readonly<Record<string, unknown>>,
    order: readonly string[] | undefined,
  ) {
    this.#order = order;
    this.shape = shape;
    this.#params = params;
    this.#columns = shape.columns ?? openColumns(shape, params);
    this.#cells = Array(this.#columns.length); // pushed ones would have space for 16
    for (let i = 0; i < this.#columns.length; i++) {
      const name = this.#columns[i]!;
      this.#cells[i] = cellOf(entryOf(params, name), name) ?? shape.defaults.get(name);
    }
  }

  get text(): string {
    if (this.#text !== undefined) return this.#text;
    let text = "";
    for (const [i, name] of this.#columns.entries()) {
      const cell = this.#cells[i];
      if (cell !== undefined) text += name + NAME_END + cell + CELL_END;
    }
    return this.#text = text;
  }

  get fingerprint(): Fingerprint {
    return this.#fingerprint ??= this.#makeFingerprint();
  }

  /** Makes the fingerprint of the text without the text. */
  #makeFingerprint(): Fingerprint {
    const fingerprint = new Fingerprint().begin();
    for (let i = 0; i < this.#cells.length; i++) {
      const cell = this.#cells[i];
      if (cell === undefined) continue;
      fingerprint.text(this.#columns[i]!).text(NAME_END).text(cell).text(CELL_END);
    }
    return fingerprint.end();
  }

  get values(): Row {
    if (this.#values) return this.#values;
    const params = this.#params;
    const { columns = openColumns(this.shape, params), defaults } = this.shape;
    const values: Row = {};
    const given = this.#order ?? Object.keys(params).filter((name) => columns.includes(name));
    for (const name of [...given, ...columns]) {
      if (Object.hasOwn(values, name)) continue;
      let value = toValue(entryOf(params, name), `params.${name}`);
      if (value === undefined) value = readCell(defaults.get(name) ?? "");
      if (value !== undefined) setEntry(values, name, value);
    }
    return this.#values = values;
  }
}
