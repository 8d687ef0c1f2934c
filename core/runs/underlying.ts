type AnyFunction = (...args: unknown[]) => unknown;

const functions = new WeakMap<object, AnyFunction>();

/** Makes the function known that a `once` function or Store runs. */
export function setUnderlying(wrapper: object, fn: AnyFunction): void {
  functions.set(wrapper, fn);
}

/**
 * The function that runs underneath: what a `once` function or Store runs, a plain function itself;
 * undefined for anything else.
 */
export function underlyingOf(x: unknown): AnyFunction | undefined {
  if (typeof x !== "function" && (typeof x !== "object" || x === null)) return undefined;
  return functions.get(x) ?? (typeof x === "function" ? x as AnyFunction : undefined);
}
