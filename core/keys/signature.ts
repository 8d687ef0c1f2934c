import type { Expression, ObjectPattern } from "acorn";
import { constantOf } from "./constant.ts";
import { areMinified } from "./minified.ts";
import { nearestName } from "../values/nearest_name.ts";
import { cannotName, type Parameter, parametersOf } from "./parameters.ts";
import { isPlainObject, setEntry } from "../values/value.ts";

/** Names of a function's arguments, where its source does not show them or should not count. */
export interface SignatureOptions {
  /** The names that make up the key: parameters, or else fields of the first argument. */
  readonly key?: readonly string[];
  /** Names of the arguments in their order; the function's source is then not read. */
  readonly paramNames?: readonly string[];
  /** URL or path of the module in which it was wrapped: it shows whether the code was minified. */
  readonly module?: string;
  /** The function's name for messages. Default: its own. */
  readonly name?: string;
}

/** The mapping of the arguments of a function to params. */
export interface Signature {
  /** Form of a call's arguments; `"either"`: a plain object is the params object. */
  readonly style: "object" | "positional" | "either";
  /** The declared names, in order; `undefined` when a call may bring any field. */
  readonly names: readonly string[] | undefined;
  /**
   * Name of the only parameter of a function of style `"either"`. Undefined if the function reads a field of that
   * name from it, as `n => n.n` does: then an object with that field is the params object.
   */
  readonly only?: string | undefined;
  /** The constant default of each name that has one. Arrays and objects in it are frozen. */
  readonly defaults: ReadonlyMap<string, unknown>;
  /**
   * Returns the named arguments of one call as a new object, also those outside the key: declared names in
   * declaration order, with defaults, without what is `undefined`.
   *
   * @throws {TypeError} If the call gives no plain object where the style is `"object"`, or gives
   * arguments to a function that declares none.
   */
  params(args: readonly unknown[]): Record<string, unknown>;
  /** Returns the key columns of one call; `undefined` for an undeclared object: all but reserved ones. */
  keyColumns(args: readonly unknown[]): readonly string[] | undefined;
  /** The function's name for messages; `"anonymous"` if none is known. */
  readonly name: string;
}

/**
 * Returns the mapping of the arguments of `fn` to params, read from its source once: functions, arrows and
 * methods, sync and async, as Deno, Bun and Node print them.
 *
 * A destructured first parameter declares the fields of a params object, and so does a `key` that
 * names none of the parameters; later arguments then pass through and are no params. A single
 * plain parameter takes either form, call by call. Anything else is positional.
 *
 * @throws {TypeError} If `fn` is no function that runs once per call, if what the key needs cannot
 * be known from the source (native and bound functions, computed defaults, destructured parameters
 * without a name), or if `key` or `paramNames` does not fit. The message shows the fix.
 */
export function signatureOf(
  fn: (...args: never[]) => unknown,
  options: SignatureOptions = {},
): Signature {
  if (typeof fn !== "function") {
    throw new TypeError(
      `Cannot name the arguments of a run: expected a function, got ${kindOf(fn)}`,
    );
  }
  const own = typeof fn.name === "string" ? fn.name : "";
  const name = own || options.name || "anonymous";
  if (Object.prototype.toString.call(fn).endsWith("GeneratorFunction]")) {
    throw new TypeError(
      `Cannot run ${name}() once: it is a generator function, and a run is one call whose result is not iterated. ` +
        "Pass a function that iterates it and returns the result",
    );
  }
  const { key, paramNames } = options;
  checkNames(
    name,
    "key",
    key,
    "then every call would be the same run; leave key out to take all params",
  );
  checkNames(
    name,
    "paramNames",
    paramNames,
    "leave paramNames out if the function takes no arguments",
  );
  const parameters = paramNames === undefined
    ? parametersOf(fn, name)
    : paramNames.map((name) => ({ name, pattern: undefined, default: undefined, isRest: false }));

  const first = parameters[0];
  if (first?.pattern) return declaredObject(name, first.pattern, first.default, key);

  const names = parameters.flatMap((parameter) => parameter.name ?? []);
  const unknown = key?.filter((column) => !names.includes(column)) ?? [];
  const isPlainFirst = paramNames === undefined && first?.name !== undefined && !first.isRest;
  if (key && unknown.length === key.length && isPlainFirst) {
    return objectSignature({
      name,
      names: undefined,
      defaults: new Map(),
      whenOmitted: first.default,
      columns: key,
      expected: `an object with ${key.join(", ")} (the key names none of its parameters, ` +
        `${names.join(", ")})`,
    });
  }
  if (unknown.length > 0) throw unknownNames(name, "parameter", names, unknown);
  const signature = positional(name, parameters, key);
  const isMinified = paramNames === undefined &&
    areMinified(names, fn.toString(), options.module);
  if (isPlainFirst && parameters.length === 1 && !key) {
    const refusal = isMinified ? () => minifiedError(name, names) : undefined;
    return either(signature, first.name, fn.toString(), refusal);
  }
  if (isMinified) throw minifiedError(name, names);
  return signature;
}

function minifiedError(name: string, names: readonly string[]): TypeError {
  const look = names.length > 1 ? "look like names" : "looks like a name";
  return cannotName(
    name,
    `${names.join(", ")} ${look} that a minifier gave, and another build gives others or swaps ` +
      'them. Name the arguments as the source does, with paramNames: ["alpha", "seed"], or take one ' +
      "params object, ({ alpha, seed })",
  );
}

function positional(
  name: string,
  parameters: readonly Parameter[],
  key: readonly string[] | undefined,
): Signature {
  const names = parameters.flatMap((parameter) => parameter.name ?? []);
  const twice = names.find((one, i) => names.indexOf(one) !== i);
  if (twice !== undefined) {
    throw cannotName(name, `two parameters are named "${twice}". Rename one of them`);
  }
  // What a reader can paste: every argument named, those without a name by their position.
  const paramNames = quoted(parameters.map((parameter, i) => parameter.name ?? `arg${i + 1}`));

  const unnamed = parameters.findIndex((parameter) => parameter.name === undefined);
  if (!key && unnamed >= 0) {
    throw cannotName(
      name,
      `parameter ${unnamed + 1} is destructured and has no name for the key. ` +
        `${leaveOutOr("Name", names)} every argument with paramNames: ${paramNames}`,
    );
  }
  const defaults = defaultsOf(parameters, key, (computed) => {
    const others = (key ?? names).filter((other) => other !== computed);
    return cannotName(
      name,
      `the default of "${computed}" is computed, so its value is not known when a call omits it. ` +
        `${leaveOutOr("Always", others)} pass it and say so with paramNames: ${paramNames}`,
    );
  });
  const slots = parameters.flatMap(({ name, isRest }, position) =>
    name === undefined ? [] : [{ name, isRest, position, fallback: defaults.get(name) }]
  );
  const columns = key ? [...key] : names;
  return {
    style: "positional",
    names,
    defaults,
    name,
    params(args) {
      if (parameters.length === 0 && args.length > 0) {
        throw new TypeError(
          `Cannot read the params of ${name}(): it declares no parameters and got ${args.length} argument(s). ` +
            'Declare them, or name them with paramNames: ["alpha", "seed"]',
        );
      }
      const params: Record<string, unknown> = {};
      for (const { name, isRest, position, fallback } of slots) {
        put(params, name, isRest ? args.slice(position) : args[position], fallback);
      }
      return params;
    },
    keyColumns: () => columns,
  };
}

/**
 * @param source Source of the function.
 * @param refusal Makes the error of a call whose argument is no params object; undefined if that is fine.
 */
function either(
  positional: Signature,
  parameter: string,
  source: string,
  refusal: (() => TypeError) | undefined,
): Signature {
  const whenOmitted = positional.defaults.get(parameter);
  const isObjectCall = (args: readonly unknown[]) =>
    isPlainObject(args[0] === undefined ? whenOmitted : args[0]);
  return {
    ...positional,
    style: "either",
    names: undefined,
    only: readsField(source, parameter) ? undefined : parameter,
    params(args) {
      const given = args[0] === undefined ? whenOmitted : args[0];
      if (isPlainObject(given)) return { ...given };
      if (refusal && args.length > 0) throw refusal();
      return positional.params(args);
    },
    keyColumns: (args) => isObjectCall(args) ? undefined : positional.keyColumns(args),
  };
}

/** True if a function reads the field of an object that has the same name as the object. */
function readsField(source: string, name: string): boolean {
  const same = name.replaceAll("$", "\\$");
  const field = `\\??\\.\\s*${same}(?![\\w$])|(?:\\?\\.)?\\[\\s*["'\`]${same}["'\`]`;
  return new RegExp(`(?<![\\w$])${same}\\s*(?:${field})`).test(source);
}

function declaredObject(
  name: string,
  pattern: ObjectPattern,
  whenOmitted: Expression | undefined,
  key: readonly string[] | undefined,
): Signature {
  const { fields, isOpen } = fieldsOf(pattern, name);
  const names = [...new Set(fields.map((field) => field.name))];
  const unknown = isOpen ? [] : key?.filter((column) => !names.includes(column)) ?? [];
  if (unknown.length > 0) throw unknownNames(name, "field", names, unknown);
  const defaults = defaultsOf(fields, key, (computed) => {
    const others = names.filter((other) => other !== computed && (key?.includes(other) ?? true));
    return cannotName(
      name,
      `the default of the field "${computed}" is computed, so its value is not known when a call omits it. ` +
        `${leaveOutOr("Give", others)} it a constant default, or none and always pass it ` +
        '(with positional parameters, paramNames: ["alpha", "seed"] says so)',
    );
  });
  return objectSignature({
    name,
    names: isOpen ? undefined : names,
    defaults,
    whenOmitted,
    columns: key ?? (isOpen ? undefined : names),
    expected: `an object${names.length > 0 ? ` with ${names.join(", ")}` : ""}`,
  });
}

function objectSignature(shape: {
  readonly name: string;
  readonly names: readonly string[] | undefined;
  readonly defaults: ReadonlyMap<string, unknown>;
  readonly whenOmitted: Expression | undefined;
  readonly columns: readonly string[] | undefined;
  readonly expected: string;
}): Signature {
  const { name, names, defaults, expected } = shape;
  const constant = shape.whenOmitted && constantOf(shape.whenOmitted);
  const whenOmitted = constant?.value;
  const isComputed = shape.whenOmitted !== undefined && constant === undefined;
  const columns = shape.columns && [...shape.columns];
  const slots = (names ?? [...defaults.keys()]).map((name) => ({
    name,
    fallback: defaults.get(name),
  }));
  return {
    style: "object",
    names,
    defaults,
    name,
    params(args) {
      const given = args[0] === undefined ? whenOmitted : args[0];
      if (!isPlainObject(given)) {
        const got = isComputed && args[0] === undefined
          ? "nothing, and its default is computed"
          : kindOf(given);
        throw new TypeError(
          `Cannot read the params of ${name}(): its first argument must be ${expected}, got ${got}`,
        );
      }
      const params: Record<string, unknown> = names ? {} : { ...given };
      for (const slot of slots) put(params, slot.name, given[slot.name], slot.fallback);
      return params;
    },
    keyColumns: () => columns,
  };
}

/** Sets a field, unless there is no value. */
function put(
  params: Record<string, unknown>,
  name: string,
  given: unknown,
  fallback: unknown,
): void {
  const value = given === undefined ? fallback : given;
  if (value !== undefined) setEntry(params, name, value);
}

interface Field {
  readonly name: string;
  readonly default: Expression | undefined;
}

/** The fields a pattern takes from its object; open if a rest element takes all others. */
function fieldsOf(pattern: ObjectPattern, name: string): { fields: Field[]; isOpen: boolean } {
  const fields: Field[] = [];
  let isOpen = false;
  for (const property of pattern.properties) {
    if (property.type === "RestElement") {
      isOpen = true;
      continue;
    }
    const { key, value } = property;
    if (property.computed || (key.type !== "Identifier" && key.type !== "Literal")) {
      throw cannotName(
        name,
        `field ${fields.length + 1} of its first parameter has a computed name. Write the name ` +
          'out, or take the object undestructured, (params), with key: ["alpha", "seed"], or name it ' +
          'whole with paramNames: ["params"]',
      );
    }
    fields.push({
      name: key.type === "Identifier" ? key.name : String(key.value),
      default: value.type === "AssignmentPattern" ? value.right : undefined,
    });
  }
  return { fields, isOpen };
}

function defaultsOf(
  declared: readonly (Parameter | Field)[],
  key: readonly string[] | undefined,
  computedError: (name: string) => Error,
): Map<string, unknown> {
  const defaults = new Map<string, unknown>();
  for (const { name, default: node } of declared) {
    if (name === undefined || node === undefined) continue;
    const constant = constantOf(node);
    if (constant === undefined && (key?.includes(name) ?? true)) throw computedError(name);
    if (constant?.value !== undefined) defaults.set(name, constant.value);
  }
  return defaults;
}

function checkNames(name: string, option: string, names: unknown, ifEmpty: string): void {
  if (names === undefined) return;
  const problem =
    !Array.isArray(names) || !names.every((one) => typeof one === "string" && one !== "")
      ? 'must be an array of names, as in ["alpha", "seed"]'
      : names.length === 0
      ? `is empty: ${ifEmpty}`
      : duplicateOf(names);
  if (problem) throw new TypeError(`Cannot use the option ${option} of ${name}(): it ${problem}`);
}

function duplicateOf(names: readonly string[]): string | undefined {
  const twice = names.find((one, i) => names.indexOf(one) !== i);
  return twice === undefined ? undefined : `names "${twice}" twice. Name it once`;
}

function unknownNames(
  name: string,
  kind: "parameter" | "field",
  names: readonly string[],
  unknown: readonly string[],
): TypeError {
  const list = (names: readonly string[]): string => names.map((one) => `"${one}"`).join(", ");
  const nearest = unknown.flatMap((one) => nearestName(one, names) ?? []);
  return new TypeError(
    `Cannot take ${list(unknown)} into the key of ${name}(): it has no such ${kind}. ` +
      (names.length > 0 ? `Its ${kind}s are ${names.join(", ")}` : `It has no named ${kind}s`) +
      (nearest.length > 0 ? `; did you mean ${list(nearest)}?` : ""),
  );
}

/** Begins a remedy: with others left for the key, leave the name out of it, or else do something. */
function leaveOutOr(verb: string, others: readonly string[]): string {
  if (others.length === 0) return verb;
  return `Leave it out of the key with key: ${quoted(others)}, or ${verb.toLowerCase()}`;
}

/** Returns names as an array literal, ready to paste. */
function quoted(names: readonly string[]): string {
  return `[${names.map((name) => JSON.stringify(name)).join(", ")}]`;
}

/** Describes a value in a word or two, for a message. */
function kindOf(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value !== "object") return typeof value;
  const { constructor } = value;
  return typeof constructor === "function" && constructor !== Object
    ? `a ${constructor.name} instance`
    : "an object";
}
