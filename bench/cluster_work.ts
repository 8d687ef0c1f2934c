/** The function of the workers of a cluster. It does nothing, so that all else is measured. */
import { once } from "../mod.ts";

/** Returns the function over a store. */
// deno-lint-ignore explicit-module-boundary-types -- the type of a once function is long
export function workOn(store?: string) {
  return once(function work({ n }: { n: number }): number {
    return n;
  }, { save: true, quiet: true, ...store !== undefined && { store } });
}

export const work = workOn();
