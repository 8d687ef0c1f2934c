import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { openBackend } from "../../mod.ts";
import { serve } from "../../server.ts";
import { runtimes } from "../runtimes.ts";
import { tempFolder } from "../temp_folder.ts";
import { until } from "../until.ts";
import { postgresSkip } from "./programs.ts";
import { startProxy } from "./proxy.ts";
import { sharedServer } from "./shared_server.ts";

const options = { skip: postgresSkip, timeout: 120_000 };

test(
  "the page of a database that does not answer keeps its figures, and says so",
  options,
  async (t) => {
    const server = await sharedServer();
    const table = { table: "silent" };
    const backend = await openBackend(server.url({ params: table }));
    t.after(() => backend.close());
    await backend.record({ a: 1, "result.loss": 0.5 });
    const proxy = await startProxy(server.port);
    t.after(() => proxy.close());
    const store = server.url({ port: proxy.port, params: table });
    const sidecar = await serve({ store, port: 0, warn: (message) => assert.fail(message) });
    t.after(() => sidecar.close());
    const view = async () => await (await fetch(`${sidecar.url}/v1/view`)).json();
    const first = await view();
    assert.deepEqual([first.rows, first.progress.store], [1, "stet/silent"]);

    const stop = new AbortController();
    t.after(() => stop.abort());
    const { body } = await fetch(`${sidecar.url}/v1/events`, { signal: stop.signal });
    let text = "";
    (async () => {
      const decoder = new TextDecoder();
      for await (const bytes of body!) text += decoder.decode(bytes as Uint8Array);
    })().catch(() => {});
    const last = () => /^data: (.*)\n\n(?!.*^data)/ms.exec(text)?.[1] ?? "";
    await until(() => /"problem":null/.test(last()));
    proxy.cut();
    await until(() => /"problem":"Cannot read store .* has not answered for 5 s/.test(last()));
    const { rows, progress, best } = await view();
    assert.equal(rows, 1);
    assert.match(progress.problem, /has not answered/);
    assert.equal(best.rows[0].mean, 0.5);
    await backend.record({ a: 2, "result.loss": 0.25 });
    proxy.heal();
    await until(() => /"total":2.*"problem":null/.test(last()));
    assert.equal((await view()).progress.problem, null);
  },
);

test("the log of a run is in the folder in which the sidecar was started", options, async (t) => {
  const server = await sharedServer();
  const store = server.url({ params: { table: "logged" } });
  const cwd = tempFolder(t);
  const { command, args } = runtimes[0]!;
  const cli = [...args, fileURLToPath(new URL("../../cli.ts", import.meta.url))];
  const program = ["run", "-s", store, "-g", "seed=1", "--", "echo", "loss {seed}"];
  const { status, stderr } = spawnSync(command, [...cli, ...program], { cwd, encoding: "utf8" });
  assert.equal(status, 0, stderr);
  const sidecar = spawn(command, [...cli, "serve", store, "--port", "0"], { cwd });
  t.after(() => sidecar.kill("SIGKILL"));
  let text = "";
  for (const stream of [sidecar.stdout, sidecar.stderr]) {
    stream.on("data", (bytes) => void (text += bytes));
  }
  const url = (): string => /http:\/\/\S+:\d+/.exec(text)?.[0] ?? "";
  await until(() => url() !== "");
  const found = await fetch(`${url()}/v1/run/file?where=seed%20%3D%201&file=log`);
  assert.match((await found.json()).text, /loss 1/);
});
