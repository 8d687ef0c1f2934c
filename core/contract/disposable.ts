import type { Backend } from "./backend.ts";

/** Returns the same backend with `Symbol.asyncDispose`, its own or one that closes it. */
export function disposable(backend: Backend): Backend & AsyncDisposable {
  const given = backend as Backend & Partial<AsyncDisposable>;
  if (!given[Symbol.asyncDispose] && Object.isExtensible(given)) {
    const value = async (): Promise<void> => await backend.close();
    Object.defineProperty(given, Symbol.asyncDispose, { value, configurable: true });
  }
  return given as Backend & AsyncDisposable;
}
