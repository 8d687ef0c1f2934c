import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { dirname } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { main } from "../../cli.ts";
import { runtimes } from "../runtimes.ts";
import { served } from "../served.ts";
import { tempStore } from "../temp_folder.ts";
import { until } from "../until.ts";
import { startSidecar } from "../workers/sidecar_process.ts";

/** What a command line that fails prints to standard error, and its exit code. */
async function failing(...args: string[]): Promise<{ err: string; code: number }> {
  const err: string[] = [];
  const code = await main(args, { log: () => {}, error: (line) => err.push(line) });
  return { err: err.join("\n"), code };
}

for (const runtime of runtimes) {
  test(`on ${runtime.name} a sidecar says where it listens, answers, and ends with its work done`, async (t) => {
    const store = tempStore(t);
    const sidecar = await startSidecar(runtime, [store, "--port", "0", "-g", "seed=0..9"]);
    assert.deepEqual(sidecar.lines, [`stet serves ${store} at ${sidecar.url}/`]);
    const answers = Array.from({ length: 50 }, (_, seed) =>
      fetch(`${sidecar.url}/v1/record`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ params: { seed } }),
      }).then((response) => response.status));
    await answers[0];
    const ended = sidecar.end("SIGTERM");
    const statuses = await Promise.allSettled(answers);
    assert.equal(await ended, 0);
    const lines = fs.readFileSync(store, "utf8").trim().split("\n").slice(1);
    const acknowledged = statuses.filter((each) =>
      each.status === "fulfilled" && each.value === 200
    );
    assert.ok(acknowledged.length > 0);
    assert.ok(lines.length >= acknowledged.length, "what was acknowledged is there");
    assert.deepEqual(fs.readdirSync(dirname(store)), ["runs.csv"]); // nothing else is left
  });
}

test("a sidecar on all addresses says how other machines reach it", async (t) => {
  const host = ["--port", "0", "--host", "0.0.0.0"];
  for (
    const [args, note] of [
      [host, /Other machines reach it by no name yet: restart it with --allow-host/],
      [[...host, "--allow-host", "box"], /reach it at http:\/\/box:\d+; clients send its token/],
    ] as const
  ) {
    const token = { STET_TOKEN: "t" };
    const sidecar = await startSidecar(runtimes[0]!, [tempStore(t), ...args], token);
    await until(() => sidecar.lines.length > 1);
    await sidecar.end("SIGTERM");
    assert.match(sidecar.lines[1]!, note);
  }
});

test("a sidecar that waits for nobody ends at once, though a client listens to its events", async (t) => {
  const sidecar = await startSidecar(runtimes[0]!, [tempStore(t), "--port", "0"]);
  const events = await fetch(`${sidecar.url}/v1/events`);
  const reader = events.body!.getReader();
  await reader.read();
  const waiting = fetch(`${sidecar.url}/v1/claim`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ params: { seed: 1 } }),
  });
  await (await waiting).json();
  assert.equal(await sidecar.end("SIGINT"), 0);
  await reader.cancel().catch(() => {});
});

test("wrong options are usage errors, and what cannot be served a store error", async (t) => {
  const { url } = await served(t);
  const { port } = new URL(url);
  const store = tempStore(t);
  for (
    const [args, wanted, code] of [
      [["--port", "x"], /--port must be a whole number/, 2],
      [["--port", "70000"], /--port must be a whole number/, 2],
      [["--durability", "none"], /--durability must be power or process/, 2],
      [["-g", "seed"], /seed/, 2],
      [["--port", port], /the port is in use/, 3],
      [["--host", "0.0.0.0", "--port", "0"], /without a token/, 3],
      [["--token-file", `${store}.token`], /Cannot read the token/, 3],
    ] as const
  ) {
    const { err, code: ended } = await failing("serve", store, ...args);
    assert.match(err, wanted);
    assert.equal(ended, code, args.join(" "));
  }
  assert.deepEqual(fs.readdirSync(dirname(store)), []);
});

test("without Deno's permission to listen, or to reach a sidecar, the error names it", async (t) => {
  const deno = runtimes.find(({ name }) => name === "deno");
  if (!deno) return t.skip("there is no Deno");
  const cli = fileURLToPath(new URL("../../cli.ts", import.meta.url));
  const config = fileURLToPath(new URL("../../deno.json", import.meta.url));
  const run = (...args: string[]): string =>
    spawnSync(deno.command, [
      "run",
      "--quiet",
      "--allow-read",
      "--allow-write",
      "--no-prompt",
      `--config=${config}`,
      cli,
      ...args,
    ], { encoding: "utf8" }).stderr;
  assert.match(run("serve", tempStore(t), "--port", "8799"), /--allow-net=127.0.0.1:8799/);
  assert.match(run("status", "http://127.0.0.1:8799"), /--allow-net=127.0.0.1:8799/);
});
