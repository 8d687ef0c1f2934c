/**
 * Functions that workers of a cluster run. Each execution is a line `n owner pid` in the file
 * `STET_TEST_EXECUTIONS`: not through the code under test. The pid is that of the worker.
 */
import { appendFileSync } from "node:fs";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { once } from "../../mod.ts";

function note(n: number): void {
  const { STET_TEST_EXECUTIONS, STET_TEST_OWNER } = process.env;
  if (STET_TEST_EXECUTIONS === undefined) return;
  appendFileSync(STET_TEST_EXECUTIONS, `${n} ${STET_TEST_OWNER} ${process.ppid}\n`);
}

/** Params of the functions. */
export interface ClusterParams {
  readonly n: number;
  /** Duration in milliseconds. */
  readonly ms?: number;
  readonly at?: Date;
  readonly x?: undefined;
}

const functions = {
  /** Returns the square after a time. */
  async square({ n, ms = 0 }: ClusterParams): Promise<unknown> {
    note(n);
    if (ms > 0) await sleep(ms);
    return n * n;
  },
  /** Fails for odd numbers. */
  fussy({ n }: ClusterParams): unknown {
    note(n);
    if (n % 2 === 1) throw new RangeError(`${n} is odd`);
    return n;
  },
  /** Returns what it got, in words. */
  describe({ n, at, x }: ClusterParams): unknown {
    return `${n} ${at instanceof Date && at.toISOString()} ${x}`;
  },
};

/** Names of the functions. */
export type ClusterFunction = keyof typeof functions;

/** Returns a function over a store. */
// deno-lint-ignore explicit-module-boundary-types -- the type of a once function is long
export function runsOn(name: ClusterFunction, store?: string) {
  return once(functions[name], {
    key: ["n"],
    save: true,
    quiet: true,
    name,
    ...store !== undefined && { store },
  });
}

export const square = runsOn("square");
export const fussy = runsOn("fussy");
export const describe = runsOn("describe");
