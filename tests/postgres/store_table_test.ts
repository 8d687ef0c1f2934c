import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";
import { status, Store, StoreError } from "../../mod.ts";
import { tempFolder } from "../temp_folder.ts";
import { postgresSkip } from "./programs.ts";
import { sharedServer } from "./shared_server.ts";

test("a Store is in the table of its URL", { timeout: 120_000, skip: postgresSkip }, async (t) => {
  const server = await sharedServer();
  const folder = tempFolder(t);
  const storeIn = (url: string, table?: string): Store<{ n: "integer" }> =>
    new Store({
      runner: ({ n, resultFile }) => fs.writeFileSync(resultFile, String(n)),
      columns: { n: "integer" },
      store: url,
      resultsDir: folder,
      ...table && { table },
    });
  const url = server.url({ params: { table: "Store's own" } });
  const other = server.url({ params: { table: "another" } });
  for (const [at, count] of [[url, 2], [other, 1]] as const) {
    const store = storeIn(at);
    for (let n = 0; n < count; n++) await store.runOrRetrieve({ n });
    await store.close();
    assert.equal((await status(at, { quiet: true })).count, count);
  }
  const same = storeIn(url, "Store's own");
  assert.notEqual(await same.retrieve({ n: 1 }), undefined);
  await same.close();
  const differs = storeIn(url, "third");
  await assert.rejects(
    differs.retrieve({ n: 1 }),
    (error) =>
      error instanceof StoreError && /another table, "third"; leave out/.test(error.message),
  );
  await differs.close();
});
