/** The form of the value of an option. */
export interface OptionForm {
  /** The form in words, as in `concurrency must be …`. */
  readonly text: string;
  /** True if a value has the type of the form. */
  isOfType(value: unknown): boolean;
  /** True if a value of that type makes sense. Default: all do. */
  isInRange?(value: unknown): boolean;
}

/** True or false. */
export const flag: OptionForm = {
  text: "true or false",
  isOfType: (value) => typeof value === "boolean",
};

/** A text. */
export const text: OptionForm = {
  text: "a text",
  isOfType: (value) => typeof value === "string",
};

/** A function that receives messages. */
export const log: OptionForm = {
  text: "a function that receives messages, such as () => {} to drop them",
  isOfType: isFunction,
};

/** An abort signal. */
export const signal: OptionForm = {
  text: "an AbortSignal, such as controller.signal",
  isOfType: (value) => isObject(value) && "aborted" in value && "addEventListener" in value,
};

/** An executor. */
export const executor: OptionForm = {
  text: 'an executor, such as workers(import.meta.url, "train")',
  isOfType: (value) => isObject(value) && isFunction((value as { run?: unknown }).run),
};

/** An object with values by name. */
export const names: OptionForm = {
  text: "an object, as in { name: value }",
  isOfType: (value) => isObject(value) && !Array.isArray(value),
};

/** A list of texts. */
export const texts: OptionForm = {
  text: 'an array of texts, as in ["a", "b"]',
  isOfType: (value) => Array.isArray(value) && value.every((each) => typeof each === "string"),
};

/** A path or URL. */
export const location: OptionForm = {
  text: "a path or URL",
  isOfType: (value) => typeof value === "string" || value instanceof URL,
};

/** The location of a store, or an open one. */
export const store: OptionForm = {
  text: "a path, a URL or an open backend (await openBackend(…))",
  isOfType: (value) =>
    location.isOfType(value) ||
    (isObject(value) && isFunction((value as { record?: unknown }).record)),
};

/** One of some texts. */
export function oneOf(...choices: readonly string[]): OptionForm {
  const quoted = choices.map((choice) => `"${choice}"`);
  return {
    text: `${quoted.slice(0, -1).join(", ")} or ${quoted.at(-1)}`,
    isOfType: (value) => choices.includes(value as string),
  };
}

/** A whole number, or Infinity. */
export function wholeFrom(least: number): OptionForm {
  return numeric(
    `a whole number from ${least} up`,
    (x) => x >= least && (Number.isSafeInteger(x) || x === Infinity),
  );
}

/** A number. */
export function numeric(text: string, isInRange: (value: number) => boolean): OptionForm {
  return {
    text,
    isOfType: (value) => typeof value === "number",
    isInRange: (value) => isInRange(value as number),
  };
}

/** A form that functions have too. */
export function orFunction({ text, isOfType, isInRange }: OptionForm): OptionForm {
  return {
    text: `${text}, or a function`,
    isOfType: (value) => isFunction(value) || isOfType(value),
    isInRange: (value) => isFunction(value) || (isInRange?.(value) ?? true),
  };
}

function isFunction(value: unknown): boolean {
  return typeof value === "function";
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
