import { isTooLong, MAX_DIGITS } from "./number_text.ts";

/** A value of a key or a saved result, in the form in which stores keep it. */
export type Value =
  | string
  | number
  | bigint
  | boolean
  | null
  | readonly Value[]
  | { readonly [name: string]: Value };

/** One line of a store: typed values by column name. Absent columns are left out. */
export type Row = { [column: string]: Value };

/** The most levels of arrays and objects in one another that a value may have. */
export const MAX_DEPTH = 1000;

/** A container on the way from the root to the place being normalised. */
interface Level {
  readonly container: object;
  readonly parent: Level | undefined;
  readonly depth: number;
  /** The entry being normalised; none while the result of `toJSON` is. */
  at: string | number | undefined;
}

/**
 * Returns the {@linkcode Value} of an input as a copy, or `undefined` where it is absent.
 *
 * A Date becomes its ISO 8601 UTC string, a typed array an array, any other object with a `toJSON`
 * method what that gives, `-0` becomes `0`, and a bigint below 2^53 in magnitude the same number.
 * `undefined` entries of objects are dropped, as are entries named by symbols.
 *
 * @param path What to call `input` in errors, such as `params`; inner places are named from there:
 * `params.cfg.opt`, `params.xs[2]`.
 * @throws {TypeError} On everything else (functions, symbols, class instances, Map, Set, cycles, boxed
 * primitives, invalid dates, `undefined` in an array); it names the place and says what to do.
 * @throws {RangeError} Beyond {@linkcode MAX_DEPTH} levels, and {@linkcode MAX_DIGITS} digits.
 */
export function toValue(input: unknown, path: string): Value | undefined {
  return normalise(input, path, undefined);
}

/** True if `x` is an object of no class: `{…}`, from any realm, or one without a prototype. */
export function isPlainObject(x: unknown): x is Record<string, unknown> {
  if (typeof x !== "object" || x === null) return false;
  const prototype: unknown = Object.getPrototypeOf(x);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** True if a value is an array. `Array.isArray` does not narrow to readonly arrays. */
export function isArray(value: Value & object): value is readonly Value[] {
  return Array.isArray(value);
}

/** Sets an own entry of any name: plain assignment to `__proto__` sets the prototype instead. */
export function setEntry<T>(target: { [name: string]: T }, name: string, value: T): void {
  if (name === "__proto__") {
    const descriptor = { value, enumerable: true, writable: true, configurable: true };
    Object.defineProperty(target, name, descriptor);
  } else {
    target[name] = value;
  }
}

/** Returns an own entry, or undefined: an inherited property, such as `constructor`, is none. */
export function entryOf<T>(of: { readonly [name: string]: T }, name: string): T | undefined {
  return Object.hasOwn(of, name) ? of[name] : undefined;
}

/** The place of an entry in an error message: `params.cfg`, `params["a b"]`, `params[2]`. */
export function entryPath(path: string, entry: string | number): string {
  if (typeof entry === "number") return `${path}[${entry}]`;
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(entry)
    ? `${path}.${entry}`
    : `${path}[${JSON.stringify(entry)}]`;
}

function normalise(input: unknown, root: string, parent: Level | undefined): Value | undefined {
  switch (typeof input) {
    case "string":
    case "boolean":
    case "undefined":
      return input;
    case "number":
      return input === 0 ? 0 : input;
    case "bigint": {
      const number = Number(input);
      if (Number.isSafeInteger(number)) return number;
      if (!isTooLong(input)) return input;
      throw new RangeError(
        `Cannot use ${pathOf(root, parent)} as a value: it is an integer of more than ` +
          `${MAX_DIGITS} digits; pass it as a string`,
      );
    }
    case "object":
      return input === null ? null : normaliseObject(input, root, parent);
    default:
      throw refusal(input, pathOf(root, parent));
  }
}

function normaliseObject(
  input: object,
  root: string,
  parent: Level | undefined,
): Value | undefined {
  if (input instanceof Date) return dateText(input, root, parent);
  // Before toJSON, because Buffer has one that gives `{ type, data }`.
  if (isTypedArray(input)) {
    return Array.from(input, (element) => normalise(element, root, undefined)!);
  }
  if (isBoxed(input)) throw refusal(input, pathOf(root, parent));

  const level = enter(input, root, parent);
  if ("toJSON" in input && typeof input.toJSON === "function") {
    return normalise(input.toJSON(), root, level);
  }
  if (Array.isArray(input)) return normaliseArray(input, root, level);
  if (isPlainObject(input)) return normaliseEntries(input, root, level);
  throw refusal(input, pathOf(root, parent));
}

function normaliseArray(input: readonly unknown[], root: string, level: Level): Value {
  const array: Value[] = [];
  for (let i = 0; i < input.length; i++) {
    level.at = i;
    const value = normalise(input[i], root, level);
    if (value === undefined) {
      throw new TypeError(
        `Cannot use ${pathOf(root, level)} as a value: it is undefined inside an array; ` +
          "pass null for an element that is missing",
      );
    }
    array.push(value);
  }
  return array;
}

function normaliseEntries(input: Record<string, unknown>, root: string, level: Level): Value {
  const object: { [name: string]: Value } = {};
  for (const name of Object.keys(input)) {
    level.at = name;
    const value = normalise(input[name], root, level);
    if (value !== undefined) setEntry(object, name, value);
  }
  return object;
}

function enter(container: object, root: string, parent: Level | undefined): Level {
  for (let level = parent; level !== undefined; level = level.parent) {
    if (level.container === container) {
      throw new TypeError(
        `Cannot use ${pathOf(root, parent)} as a value: it is a cycle, the same object as ` +
          `${pathOf(root, level.parent)} around it; leave it out`,
      );
    }
  }
  const depth = (parent?.depth ?? 0) + 1;
  if (depth > MAX_DEPTH) {
    throw new RangeError(
      `Cannot use ${root} as a value: it is nested deeper than ${MAX_DEPTH} levels; pass flatter data`,
    );
  }
  return { container, parent, depth, at: undefined };
}

function dateText(date: Date, root: string, parent: Level | undefined): string {
  if (Number.isNaN(date.getTime())) {
    throw new TypeError(
      `Cannot use ${pathOf(root, parent)} as a value: it is an invalid Date; ` +
        "check the text or number that it was made from",
    );
  }
  return date.toISOString();
}

function isTypedArray(x: object): x is ArrayLike<number | bigint> {
  return ArrayBuffer.isView(x) && "length" in x;
}

function isBoxed(x: object): boolean {
  return x instanceof Number || x instanceof String || x instanceof Boolean ||
    x instanceof BigInt ||
    x instanceof Symbol;
}

function pathOf(root: string, level: Level | undefined): string {
  if (level === undefined) return root;
  const path = pathOf(root, level.parent);
  return level.at === undefined ? path : entryPath(path, level.at);
}

function refusal(input: unknown, path: string): TypeError {
  const [what, advice] = diagnose(input);
  return new TypeError(
    `Cannot use ${path} as a value: it is ${what}, and must be a string, number, bigint, boolean, null, ` +
      `array or plain object; ${advice}, or leave it out`,
  );
}

/** Describes an input that is no value, and what to pass in its place. */
function diagnose(input: unknown): readonly [what: string, advice: string] {
  if (typeof input === "function") return ["a function", "pass its name"];
  if (typeof input === "symbol") return ["a symbol", "pass its description"];
  if (input instanceof Map) return ["a Map", "pass Object.fromEntries(map)"];
  if (input instanceof Set) return ["a Set", "pass [...set]"];
  if (input instanceof Promise) return ["a Promise", "await it first"];
  const name = className(input);
  if (isBoxed(input as object)) return [`a boxed ${name}`, "pass its valueOf()"];
  if (name.endsWith("ArrayBuffer")) return [`an ${name}`, "pass new Uint8Array(buffer)"];
  return [`an instance of ${name}`, "pass its fields as a plain object, give it a toJSON() method"];
}

function className(input: unknown): string {
  const name: unknown = (input as { constructor?: { name?: unknown } }).constructor?.name;
  return typeof name === "string" && name !== "" ? name : "a class without a name";
}
