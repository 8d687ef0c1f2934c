/** A test file of a user, in the words that Deno's and Bun's test runners share; run by a test of ours. */
import process from "node:process";
import { test } from "node:test";
import { once } from "../../mod.ts";

test("a sweep into a store that is closed", async () => {
  const store = process.env["STET_TEST_STORE"]!;
  await using work = once(({ k }: { k: number }) => k, { store, save: true, quiet: true });
  for (let k = 0; k < 3; k++) await work({ k });
});
