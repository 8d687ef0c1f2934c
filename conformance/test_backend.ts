import { test } from "node:test";
import type { Backend, MaybePromise } from "../core/contract/backend.ts";
import type { Capability, Case } from "./case.ts";
import { claims } from "./claims.ts";
import { closing } from "./closing.ts";
import { columns } from "./columns.ts";
import { contract } from "./contract.ts";
import { following } from "./following.ts";
import { growth } from "./growth.ts";
import { keys } from "./keys.ts";
import { leases } from "./leases.ts";
import { many } from "./many.ts";
import { reopening } from "./reopening.ts";
import { runCase } from "./run_case.ts";
import { sharing } from "./sharing.ts";
import { sources } from "./sources.ts";
import { values } from "./values.ts";

/** All claims about a backend, by subject. */
const cases: readonly Case[] = [
  ...contract,
  ...keys,
  ...sources,
  ...values,
  ...columns,
  ...growth,
  ...many,
  ...closing,
  ...reopening,
  ...sharing,
  ...claims,
  ...leases,
  ...following,
];

/** Time limit of a test, in milliseconds. One sends 60,000 requests to a store. */
const TIMEOUT = 180_000;

/** The kind of store that is tested. */
export interface BackendUnderTest {
  /** Prefix of the names of the tests, such as the extension. */
  readonly name: string;
  /**
   * Opens the store of a folder. Each test has a folder of its own, empty at first and removed at the end.
   * The same folder given again opens the same store again. A kind of store without files can take the
   * path for a name.
   */
  readonly open: (folder: string) => MaybePromise<Backend>;
  /**
   * Number of rows of the case that asks for each of many rows, six requests a row. A store behind a
   * network, or one that reads all its rows to record one, can take 500. Default: 10,000.
   */
  readonly manyRows?: number;
  /** Capabilities that it lacks, with the reason of the skip. Default: none. */
  readonly skip?: Readonly<Partial<Record<Capability, string>>>;
}

/**
 * Registers the tests (of `node:test`: they run on Deno, Bun and Node) that a backend must pass: what
 * the contract says of the five methods, exact keys, values of every kind, new columns, many rows,
 * and the capabilities that are not skipped. Members that the backend lacks are tested by the defaults
 * that core derives from its five methods.
 *
 * Call it from a test file. Crashes and sharing between processes are not tested.
 *
 * @example
 * ```ts ignore
 * // foo_test.ts
 * import { testBackend } from "@stet/stet/conformance";
 * import { join } from "node:path";
 * import { FooBackend } from "./foo.ts";
 *
 * testBackend({
 *   name: ".foo",
 *   open: (folder) => new FooBackend(join(folder, "runs.foo")),
 *   skip: { reopening: "a store in memory ends with its handle" },
 * });
 * ```
 */
export function testBackend({ name, open, manyRows, skip = {} }: BackendUnderTest): void {
  for (const [capability, reason] of Object.entries(skip)) {
    test(`${name} lacks ${capability}: ${reason}`, { skip: reason }, () => {});
  }
  for (const { name: claim, needs, check } of cases) {
    if (needs && skip[needs] !== undefined) continue;
    test(`${name}: ${claim}`, { timeout: TIMEOUT }, () => runCase(check, open, manyRows));
  }
}
