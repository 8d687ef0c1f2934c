import assert from "node:assert/strict";
import fs from "node:fs";
import { dirname } from "node:path";
import { test } from "node:test";
import { exportStore } from "../../mod.ts";
import { served } from "../served.ts";
import { tempStore } from "../temp_folder.ts";
import { until } from "../until.ts";

const options = {
  skip: fs.existsSync("/proc/self/fd") ? false : "descriptors are listed on Linux",
};

/** More than the buffers between server and client hold. */
const ROWS = 4_000;

/** How many files in a folder this process has open. */
function openFiles(folder: string): number {
  return fs.readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return fs.readlinkSync(`/proc/self/fd/${fd}`).startsWith(folder);
    } catch {
      return false; // it was closed meanwhile
    }
  }).length;
}

for (const name of ["runs.csv", "runs.jsonl", "runs.sqlite", "runs.parquet", "runs.arrow"]) {
  test(`no request of rows keeps a descriptor of ${name}, read or not`, options, async (t) => {
    const source = tempStore(t, "source.csv");
    const lines = Array.from({ length: ROWS }, (_, i) => `${i % 10},${i},${"x".repeat(650)}`);
    fs.writeFileSync(source, `alpha,seed,text\n${lines.join("\n")}\n`);
    const { store, ask, post } = await served(t, { name });
    await exportStore(source, store);
    await post("/v1/record", { params: { alpha: 1, seed: -1 } }); // pending, in a columnar store
    const folder = dirname(store);

    const requests: Record<string, () => Promise<void>> = {};
    for (const path of ["/v1/runs.ndjson", "/v1/runs.csv"]) {
      const first = await ask(path);
      const etag = first.headers.get("etag")!;
      assert.equal((await first.text()).trim().split("\n").length > ROWS, true);
      requests[`${path}: not modified`] = async () => {
        const response = await ask(path, { headers: { "if-none-match": etag } });
        assert.equal(response.status, 304);
        await response.body?.cancel();
      };
      for (const query of ["columns=beta", "where=beta%20%3D%201", "where=alpha%20%3D"]) {
        requests[`${path}: ${query}`] = async () => {
          const response = await ask(`${path}?${query}`);
          assert.equal(response.status, 400);
          await response.text();
        };
      }
      requests[`${path}: only the head`] = async () => {
        const response = await ask(path, { method: "HEAD" });
        assert.equal(response.status, 200);
        assert.equal(await response.text(), "");
      };
      for (const encoding of ["identity", "gzip"]) {
        requests[`${path}: a client that leaves, ${encoding}`] = async () => {
          const gone = new AbortController();
          const headers = { "accept-encoding": encoding };
          const response = await ask(path, { headers, signal: gone.signal });
          const reader = response.body!.getReader();
          await reader.read();
          gone.abort();
          await reader.cancel().catch(() => {});
        };
      }
    }
    const before = openFiles(folder);
    for (const [what, request] of Object.entries(requests)) {
      for (let i = 0; i < 3; i++) await request();
      await until(() => openFiles(folder) <= before).catch(() =>
        assert.fail(`${what}: ${openFiles(folder)} descriptors, before ${before}`)
      );
    }
  });
}
