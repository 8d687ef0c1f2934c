import type { MaybePromise } from "./maybe_promise.ts";

/**
 * Runs a body and then every closer, whatever fails. The first error is the one to throw; errors after
 * it are listed in its `suppressed`.
 */
export async function closeAfter<T>(
  body: () => MaybePromise<T>,
  ...closers: readonly (() => unknown)[]
): Promise<T> {
  let failed: { readonly error: unknown } | undefined;
  let result: T | undefined;
  try {
    result = await body();
  } catch (error) {
    failed = { error };
  }
  for (const close of closers) {
    try {
      await close();
    } catch (error) {
      if (failed) suppress(failed.error, error);
      else failed = { error };
    }
  }
  if (failed) throw failed.error;
  return result as T;
}

/** Lists an error in `suppressed` of the one before it, which it must not replace. */
export function suppress(first: unknown, second: unknown): void {
  if (first === second) return;
  if (typeof first !== "object" || first === null || !Object.isExtensible(first)) {
    console.warn("[stet] After that:", second);
    return;
  }
  const error = first as { suppressed?: unknown[] };
  if (Array.isArray(error.suppressed)) error.suppressed.push(second);
  else error.suppressed = [second];
}
