import assert from "node:assert/strict";
import fs from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { HttpBackend } from "../../backends/http/http.ts";
import { main } from "../../cli.ts";
import { keyOf, keyShape } from "../../core/keys/key.ts";
import {
  explain,
  LostClaimError,
  ls,
  once,
  openBackend,
  reset,
  Store,
  StoreError,
  sweep,
} from "../../mod.ts";
import { served } from "../served.ts";
import { tempFolder } from "../temp_folder.ts";

async function stet(...args: string[]): Promise<{ out: string[]; err: string[]; code: number }> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await main(args, { log: (line) => out.push(line), error: (line) => err.push(line) });
  return { out, err, code };
}

test("once() on the URL of a sidecar runs each key once, and gives saved results back", async (t) => {
  const { url, store } = await served(t);
  let runs = 0;
  const train = once(({ alpha, name }: { alpha: number; name: string }) => {
    runs++;
    return { loss: alpha * 2, name };
  }, { store: url, save: true, quiet: true });
  for (let round = 0; round < 2; round++) {
    for (const name of ["42", "a,b", "", "nan"]) {
      assert.deepEqual(await train({ alpha: 0.5, name }), { loss: 1, name });
    }
  }
  assert.equal(runs, 4);
  assert.equal((await train.outcome({ alpha: 0.5, name: "42" })).status, "skipped");
  assert.equal(await train.has({ alpha: 0.5, name: "" }), true);
  assert.equal(await train.reset({ alpha: 0.5, name: "" }), true);
  assert.equal((await train.status()).count, 3);
  const text = fs.readFileSync(store, "utf8");
  assert.match(
    text,
    /^alpha,name,result.loss,result.name,_stet_elapsed,_stet_source,_stet_timestamp\n/,
  );
});

test("rerunIfMissing runs again what a URL has no result for, and replaces its row", async (t) => {
  const { url } = await served(t);
  const plain = await openBackend(url);
  await plain.record({ seed: 1 });
  await plain.record({ seed: 2, result: 4 });
  const square = once(({ seed }: { seed: number }) => seed * seed, {
    store: url,
    save: true,
    rerunIfMissing: true,
    quiet: true,
  });
  assert.equal(await square({ seed: 1 }), 1);
  assert.equal(await square({ seed: 2 }), 4);
  assert.deepEqual((await plain.load()).map(({ seed, result }) => [seed, result]), [[2, 4], [
    1,
    1,
  ]]);
  await plain.close();
});

test("a failed run on a URL is noted, and run again", async (t) => {
  const { url } = await served(t);
  let isBroken = true;
  const run = once(({ seed }: { seed: number }) => {
    if (isBroken) throw new Error(`no ${seed}`);
  }, { store: url, quiet: true });
  await assert.rejects(run({ seed: 1 }), /no 1/);
  assert.match((await stet("failures", url)).out.join("\n"), /1 × no 1\n {4}seed=1/);
  isBroken = false;
  await run({ seed: 1 });
  assert.match((await stet("failures", url)).out.join("\n"), /no run has failed|Nothing|No run/i);
});

test("two sweeps of one grid on a URL share it", async (t) => {
  const { url } = await served(t);
  const ran: number[] = [];
  const fn = async ({ seed }: { seed: number }): Promise<void> => {
    await sleep(1);
    ran.push(seed);
  };
  const grid = Array.from({ length: 60 }, (_, seed) => ({ seed }));
  const counts = await Promise.all([1, 2].map(async () => {
    const backend = await openBackend(url);
    const counts = await sweep(once(fn, { store: backend, quiet: true }), grid, {
      concurrency: 4,
      handleSignals: false,
    }).done;
    await backend.close();
    return counts;
  }));
  assert.deepEqual(ran.sort((a, b) => a - b), grid.map(({ seed }) => seed));
  assert.equal(counts[0]!.ran + counts[1]!.ran, 60);
  assert.equal(counts[0]!.failed + counts[1]!.failed, 0);
});

test("a Store on a URL keeps records as on a file", async (t) => {
  const { url } = await served(t);
  const folder = tempFolder(t);
  const init = {
    runner: ({ n, resultFile }: { readonly n?: unknown; readonly resultFile: string }) =>
      fs.writeFileSync(resultFile, String(n)),
    store: url,
    resultsDir: path.join(folder, "results"),
  };
  const store = new Store(init);
  const record = await store.runOrRetrieve({ n: 1, model: "5" });
  assert.equal(fs.readFileSync(record.resultFile, "utf8"), "1");
  await store.close();
  const again = new Store(init);
  assert.deepEqual(await again.retrieve({ n: 1, model: "5" }), record);
  assert.equal(await again.retrieve({ n: 1, model: 5 }), undefined);
  assert.equal(await again.delete({ n: 1, model: "5" }), true);
  await again.close();
});

test("the commands that look at a store take a URL", async (t) => {
  const { url } = await served(t);
  const backend = await openBackend(url);
  for (let seed = 0; seed < 5; seed++) await backend.record({ seed, result: seed * seed });
  await backend.close();
  assert.match((await stet("status", url)).out.join("\n"), /5 completed experiments/);
  assert.equal(JSON.parse((await stet("status", url, "--json")).out[0]!).count, 5);
  assert.equal((await ls(url, { where: "seed > 2", quiet: true })).length, 2);
  assert.match((await stet("ls", url, "--sort", "-seed")).out.join("\n"), /seed/);
  assert.equal((await explain(url, { seed: 9 })).state, "unknown");
  assert.match((await stet("coverage", url, "-g", "seed=0..9")).out.join("\n"), /5/);
  assert.equal((await stet("verify", url)).code, 0);
  const copy = path.join(tempFolder(t), "copy.jsonl");
  assert.equal((await stet("export", url, "-o", copy)).code, 0);
  assert.equal(fs.readFileSync(copy, "utf8").trim().split("\n").length, 5);
  assert.equal(await reset(url, { seed: 1 }), 1);
  assert.equal((await stet("reset", url, "--yes")).code, 0);
  await assert.rejects(ls(url, { quiet: true }), /it is not there yet, or was cleared/);
});

test("a URL at which nothing listens is an error that names it and how to start a sidecar", async () => {
  await assert.rejects(
    openBackend("http://127.0.0.1:9"),
    (error) =>
      error instanceof StoreError && /"http:\/\/127.0.0.1:9"/.test(error.message) &&
      /stet serve/.test(error.message),
  );
});

test("a URL at which something else answers is an error that says so", async (t) => {
  const server = createServer((_, response) => response.end("<html>hello</html>"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => void server.close());
  const { port } = server.address() as AddressInfo;
  await assert.rejects(openBackend(`http://127.0.0.1:${port}`), /no sidecar of stet/);
});

test("a token is taken from a file, and never shown", async (t) => {
  const { url } = await served(t, { token: "s3cret" });
  await assert.rejects(openBackend(url), /needs a token; set STET_TOKEN/);
  await assert.rejects(openBackend(url.replace("//", "//:s3cret@")), (error: Error) => {
    assert.doesNotMatch(error.message, /s3cret/);
    return error instanceof StoreError;
  });
  const file = path.join(tempFolder(t), "token");
  fs.writeFileSync(file, "s3cret\n");
  const backend = await openBackend(`${url}?token_file=${encodeURIComponent(file)}`);
  await backend.record({ seed: 1 });
  assert.equal(await backend.has({ seed: 1 }), true);
  assert.equal(backend.location, url);
  await backend.close();
});

test("claims are renewed as long as they are held, and given back by close()", async (t) => {
  const { url } = await served(t);
  const key = keyOf(keyShape(["seed"]), { seed: 1 });
  const holder = new HttpBackend(`${url}?lease_seconds=1`);
  const other = new HttpBackend(url);
  const answer = await holder.claim(key);
  assert.equal(answer.state, "claimed");
  await sleep(2500);
  assert.equal((await other.claim(key)).state, "busy");
  await holder.close();
  assert.equal((await other.claim(key)).state, "claimed");
  await other.close();
});

test("a run whose lease another client took over is refused, and the error names the winner", async (t) => {
  const { url, post } = await served(t);
  const shape = keyShape(["seed"]);
  const key = keyOf(shape, { seed: 1 });
  const late = new HttpBackend(url);
  const lease = { token: "late", until: Date.now() + 5 };
  const answer = await late.claim(key, { lease });
  assert.equal(answer.state, "claimed");
  await sleep(30);
  const { json } = await post("/v1/claim", { params: { seed: 1 }, key: ["seed"], holder: "other" });
  await post("/v1/record", { params: { seed: 1 }, key: ["seed"], token: json.token, result: 2 });
  if (answer.state !== "claimed") return;
  await assert.rejects(
    async () => await answer.claim.record({ seed: 1, result: 3 }),
    (error) => error instanceof LostClaimError && /"result":2/.test(error.message),
  );
  assert.deepEqual((await late.load()).map(({ result }) => result), [2]);
  await late.close();
});
