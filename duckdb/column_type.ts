import { TIMESTAMP } from "../core/values/columns.ts";
import type { Value } from "../core/values/value.ts";

/** Type of a column in SQL, by its values; `null` and absent are NULL in all of them. */
export type ColumnType =
  /** No value at all: VARCHAR. */
  | { readonly kind: "empty" }
  /** Integers within int64: BIGINT. */
  | { readonly kind: "integer" }
  /** Numbers: DOUBLE. */
  | { readonly kind: "double" }
  | { readonly kind: "boolean" }
  /** Strings: VARCHAR. */
  | { readonly kind: "string" }
  /** The times of records: TIMESTAMPTZ. */
  | { readonly kind: "timestamp" }
  /** Arrays or objects that have a type in common: the structure that DuckDB's json_transform takes. */
  | { readonly kind: "nested"; readonly structure: Structure }
  /** Anything else: VARCHAR, cell text. */
  | { readonly kind: "text" };

/** A type within JSON: the name of a scalar, `[element]` or `{ field: type }`. */
export type Structure = string | readonly [Structure] | { readonly [field: string]: Structure };

/** Kinds of columns by the structure of their values. */
const SCALARS: Readonly<Record<string, "empty" | "integer" | "double" | "boolean" | "string">> = {
  "": "empty",
  BIGINT: "integer",
  DOUBLE: "double",
  BOOLEAN: "boolean",
  VARCHAR: "string",
};

/** Maximum number of fields of an object that becomes a STRUCT: beyond it, names are data. */
const MAX_FIELDS = 100;

const INSTANT = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)$/;

/** Returns the type of a column with these values; undefined is absent. */
export function columnTypeOf(name: string, values: Iterable<Value | undefined>): ColumnType {
  const finder = new ColumnTypeFinder(name);
  for (const value of values) if (value !== undefined) finder.add(value);
  return finder.type;
}

/** Finds the type of a column as its values pass by. */
export class ColumnTypeFinder {
  readonly #isTimestamp: boolean;
  readonly #seen = new Kinds();
  #areInstants = true;

  constructor(name: string) {
    this.#isTimestamp = name === TIMESTAMP;
  }

  /** Adds a value. */
  add(value: Value): void {
    this.#seen.add(value);
    if (this.#isTimestamp && this.#areInstants && typeof value === "string") {
      this.#areInstants = INSTANT.test(value) && !Number.isNaN(Date.parse(value));
    }
  }

  /** The type of all values so far. */
  get type(): ColumnType {
    const structure = this.#seen.structure();
    if (structure === undefined) return { kind: "text" };
    if (typeof structure !== "string") return { kind: "nested", structure };
    const kind = SCALARS[structure]!;
    return {
      kind: kind === "string" && this.#isTimestamp && this.#areInstants ? "timestamp" : kind,
    };
  }
}

/** Kinds of the values of one place. */
class Kinds {
  #isInteger = false;
  #isDouble = false;
  /** Integers that a double may not keep. */
  #isLong = false;
  #isBoolean = false;
  #isString = false;
  #isUnfit = false;
  #element: Kinds | undefined;
  #fields: Map<string, Kinds> | undefined;
  readonly #isNested: boolean;

  constructor(isNested = false) {
    this.#isNested = isNested;
  }

  add(value: Value): void {
    switch (typeof value) {
      case "string":
        this.#isString = true;
        // SQL text is UTF-8, which has no lone surrogates; NUL ends it for many programs.
        if (!value.isWellFormed() || value.includes("\0")) this.#isUnfit = true;
        return;
      case "number":
        if (Number.isSafeInteger(value)) this.#isInteger = true;
        else this.#isDouble = true;
        if (this.#isNested && !Number.isFinite(value)) this.#isUnfit = true; // JSON has none
        return;
      case "bigint":
        this.#isLong = true;
        if (BigInt.asIntN(64, value) !== value) this.#isUnfit = true;
        return;
      case "boolean":
        this.#isBoolean = true;
        return;
      default:
        if (value !== null) this.#addContainer(value);
    }
  }

  /** Returns the type of all values; "" without values, undefined if there is none. */
  structure(): Structure | undefined {
    const kinds = [
      this.#isInteger || this.#isDouble || this.#isLong,
      this.#isBoolean,
      this.#isString,
      this.#element,
      this.#fields,
    ].filter(Boolean).length;
    if (this.#isUnfit || kinds > 1 || this.#isDouble && this.#isLong) return undefined;
    if (kinds === 0) return "";
    if (this.#isDouble) return "DOUBLE";
    if (this.#isInteger || this.#isLong) return "BIGINT";
    if (this.#isBoolean) return "BOOLEAN";
    if (this.#isString) return "VARCHAR";
    if (this.#element) {
      const element = this.#element.structure();
      return element === undefined ? undefined : [element || "VARCHAR"];
    }
    return structOf(this.#fields!);
  }

  #addContainer(value: Value & object): void {
    if (Array.isArray(value)) {
      this.#element ??= new Kinds(true);
      for (const element of value) this.#element.add(element);
      return;
    }
    this.#fields ??= new Map();
    for (const [name, entry] of Object.entries(value)) {
      let kinds = this.#fields.get(name);
      if (!kinds) {
        if (this.#fields.size === MAX_FIELDS) {
          this.#isUnfit = true;
          return;
        }
        this.#fields.set(name, kinds = new Kinds(true));
      }
      kinds.add(entry);
    }
  }
}

function structOf(fields: ReadonlyMap<string, Kinds>): Structure | undefined {
  const struct: { [field: string]: Structure } = Object.create(null);
  const names = new Set<string>();
  for (const [name, kinds] of fields) {
    const structure = kinds.structure();
    // Names of fields do not tell capitals from small letters, and are not empty.
    if (structure === undefined || name === "" || !name.isWellFormed() || name.includes("\0")) {
      return undefined;
    }
    if (names.size === names.add(name.toLowerCase()).size) return undefined;
    struct[name] = structure || "VARCHAR";
  }
  return names.size === 0 ? undefined : struct;
}
