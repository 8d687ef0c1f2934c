import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { once as onceEvent } from "node:events";
import { dirname, join } from "node:path";
import process from "node:process";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { HttpBackend } from "../../backends/http/http.ts";
import { engineOf } from "../../core/contract/adapted_backend.ts";
import { keyOf, keyShape } from "../../core/keys/key.ts";
import { once, openBackend, type Row } from "../../mod.ts";
import { runtimes } from "../runtimes.ts";
import { tempStore } from "../temp_folder.ts";
import { type SidecarProcess, startSidecar } from "../workers/sidecar_process.ts";
import { pythons } from "./pythons.ts";

const program = fileURLToPath(new URL("client_program.py", import.meta.url));
const client = fileURLToPath(new URL("../../python", import.meta.url));
const runtime = runtimes[0]!;
const found = pythons();
const skip = found.length > 0 ? false : "there is no Python >= 3.9";

/** Starts a program of client_program.py. */
function start(python: string, name: string, url: string, argument = ""): ChildProcess {
  return spawn(python, [program, name, url, argument], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, PYTHONPATH: client, PYTHONDONTWRITEBYTECODE: "1" },
  });
}

/** Resolves to the JSON of the last line that a program prints. */
async function answerOf(child: ChildProcess): Promise<unknown> {
  let out = "";
  child.stdout!.setEncoding("utf8").on("data", (text) => out += text);
  const [code] = await onceEvent(child, "close");
  assert.equal(code, 0, out);
  return JSON.parse(out.trim().split("\n").at(-1)!);
}

async function rowsOf(store: string): Promise<readonly Row[]> {
  const backend = await openBackend(store);
  try {
    return await backend.load();
  } finally {
    await backend.close();
  }
}

/** Starts a sidecar that ends with the test, failed or not. */
async function served(t: TestContext, args: readonly string[]): Promise<SidecarProcess> {
  const sidecar = await startSidecar(runtime, args);
  t.after(() => sidecar.end("SIGKILL"));
  return sidecar;
}

/** The values of client_program.py. */
const values = [
  ...[0.1, 1e-5, 1e22, 2 ** 60, 1, 0, 5e-324, Number.MAX_VALUE, 42, -7],
  ...[2n ** 53n, 2n ** 53n + 1n, 2n ** 63n, -(2n ** 63n) - 1n, 2n ** 70n, null, true, false],
  ...["", "adam", "42", "1e3", "true", "None", "nan", " a ", '"q"', "[1]", "{}", "a\nb", "x\x7f"],
  ...["ünïcödé \u{1f600}", [], [1, [2.5, null, "3", [true]]], { a: "x", b: 1 }, Infinity, NaN],
  ...[[NaN], [1, 2], new Date("2026-11-21T14:22:01.123Z")],
];

for (const python of found) {
  const of = `${python}: `;

  test(`${of}keys and results are those of the library, both ways`, async (t) => {
    const store = tempStore(t);
    const sidecar = await served(t, [store, "--port", "0"]);
    const changed = await answerOf(start(python, "values", sidecar.url));
    assert.deepEqual(changed, [], "results that came back as other values");
    const backend = engineOf(new HttpBackend(sidecar.url));
    const shape = keyShape(["v", "i", "_stet_namespace"]);
    for (const [i, v] of values.entries()) {
      const row = await backend.find(keyOf(shape, { v, i, _stet_namespace: "values" }));
      assert.ok(row, `the library finds value ${i}`);
    }
    await backend.close();
    // The other way: rows of the library.
    await sidecar.end("SIGTERM");
    const ours = tempStore(t);
    const record = once(
      // deno-lint-ignore no-explicit-any -- values of all kinds
      ({ v, i }: { v: any; i: number }) => [v, i],
      { store: ours, namespace: "values", quiet: true },
    );
    for (const [i, v] of values.entries()) await record({ v, i });
    await record.close();
    const next = await served(t, [ours, "--port", "0"]);
    const has = await answerOf(start(python, "values", next.url, "has"));
    assert.deepEqual(has, values.map(() => true));
    await next.end("SIGTERM");
  });

  test(`${of}once() runs a key once, and returns the recorded result as it was`, async (t) => {
    const store = tempStore(t);
    const ran = join(dirname(store), "ran.txt");
    const sidecar = await served(t, [store, "--port", "0"]);
    const answer = await answerOf(start(python, "calls", sidecar.url, ran));
    assert.deepEqual(answer, [true, true, false, false]);
    assert.equal(readFileSync(ran, "utf8"), "0.5 1\n");
    await sidecar.end("SIGTERM");
    const [row] = await rowsOf(store);
    assert.equal(row!["result.big"], 2n ** 70n);
    assert.equal(row!["result.text"], "nan");
    assert.ok(Number.isNaN(row!["result.gap"]));
  });

  test(`${of}sweep() in processes shares a grid with another, each run recorded once`, async (t) => {
    const store = tempStore(t);
    const sidecar = await served(t, [store, "--port", "0"]);
    const killed = start(python, "shared", sidecar.url, "60");
    const both = [1, 2].map(() => answerOf(start(python, "shared", sidecar.url, "60")));
    const counts = await Promise.all(both.concat(answerOf(killed)));
    assert.equal(counts.reduce((sum: number, count) => sum + Number(count), 0), 60);
    assert.equal(await answerOf(start(python, "shared", sidecar.url, "1500")), 1440);
    await sidecar.end("SIGTERM");
    const rows = await rowsOf(store);
    assert.equal(new Set(rows.map(({ seed }) => seed)).size, rows.length);
  });

  test(`${of}a killed process loses its claim to another`, async (t) => {
    const store = tempStore(t);
    const sidecar = await served(t, [store, "--port", "0"]);
    const stuck = start(python, "stuck", sidecar.url, "stay");
    await onceEvent(stuck.stdout!, "data");
    stuck.kill("SIGKILL");
    const answer = await answerOf(start(python, "stuck", sidecar.url, "next"));
    assert.deepEqual(answer, { by: "next" });
    await sidecar.end("SIGTERM");
    assert.equal((await rowsOf(store)).length, 1);
  });

  test(`${of}a killed worker process fails its run only`, async (t) => {
    const store = tempStore(t);
    const sidecar = await served(t, [store, "--port", "0"]);
    const [statuses, message] = await answerOf(start(python, "dies", sidecar.url)) as string[][];
    assert.deepEqual(statuses, ["ran", "ran", "failed", "ran", "ran"]);
    assert.match(String(message), /^1 of 5 runs failed.*the worker process died/);
    await sidecar.end("SIGTERM");
    assert.equal((await rowsOf(store)).length, 4);
  });

  test(`${of}a late record is a LostClaimError, and a renewed claim is kept`, async (t) => {
    const sidecar = await served(t, [tempStore(t), "--port", "0"]);
    const answer = await answerOf(start(python, "lost", sidecar.url));
    assert.deepEqual(answer, [[409, "winner", "lost"], "busy"]);
    await sidecar.end("SIGTERM");
  });

  test(`${of}a record arrives although the sidecar is killed and started again`, async (t) => {
    const store = tempStore(t);
    const sidecar = await served(t, [store, "--port", "0"]);
    const away = start(python, "away", sidecar.url);
    await onceEvent(away.stdout!, "data");
    await sidecar.end("SIGKILL");
    const answer = answerOf(away);
    away.stdin!.end("\n");
    const { port } = new URL(sidecar.url);
    const next = await served(t, [store, "--port", port]);
    assert.equal(await answer, "recorded");
    await next.end("SIGTERM");
    assert.equal((await rowsOf(store))[0]!["result.here"], true);
  });

  test(`${of}an interrupted sweep records the runs under way`, async (t) => {
    const store = tempStore(t);
    const sidecar = await served(t, [store, "--port", "0"]);
    assert.equal(await answerOf(start(python, "interrupted", sidecar.url)), "interrupted");
    const status = await (await fetch(`${sidecar.url}/v1/claims`)).json();
    assert.deepEqual(status.claims ?? status, []);
    await sidecar.end("SIGTERM");
    assert.equal((await rowsOf(store)).length, 2);
  });

  test(`${of}errors name the mistake`, async (t) => {
    const sidecar = await served(t, [tempStore(t), "--port", "0"]);
    const messages = await answerOf(start(python, "errors", sidecar.url)) as string[];
    const expected = [
      /^ValueError: Cannot use store "runs.csv": .* stet serve runs.csv$/,
      /^StetError: Cannot has at http:.*start the sidecar there/,
      /^StetError: .*Cannot use "result" as a param/,
      /^TypeError: param "a" is a object/,
      /^ResultError: Cannot store a result: the result has the key 1/,
      /^TypeError: .*\*args have no names/,
      /^TypeError: .*key names "m", which is no parameter/,
      /^ZeroDivisionError/,
      /^none$/,
    ];
    for (const [i, pattern] of expected.entries()) assert.match(messages[i]!, pattern);
    const failures = await (await fetch(`${sidecar.url}/v1/failures`)).json();
    assert.equal(failures.failures.length, 2);
    await sidecar.end("SIGTERM");
  });
}

test("the client is tested with a Python", { skip }, () => {});
