import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { main } from "../../cli.ts";
import { VERSION } from "../../core/runtime/version.ts";
import { openBackend } from "../../mod.ts";
import { runtimes } from "../runtimes.ts";
import { tempStore } from "../temp_folder.ts";

const cli = fileURLToPath(new URL("../../cli.ts", import.meta.url));
const own = runtimes.find(({ command }) => command === process.execPath)!;

async function stet(...args: string[]): Promise<{ out: string[]; err: string[]; code: number }> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await main(args, { log: (line) => out.push(line), error: (line) => err.push(line) });
  return { out, err, code };
}

/** The words that complete a line. */
async function words(line: string): Promise<string[]> {
  return (await stet("completions", "--line", line)).out.map((line) => line.split("\t")[0]!);
}

async function makeStore(store: string): Promise<void> {
  const backend = await openBackend(store);
  for (const alpha of [0.5, 0.1]) {
    for (const model of ["large", "a b"]) await backend.record({ alpha, model, "result.loss": 1 });
  }
  await backend.close();
}

test("stet --version is that of the package", async () => {
  const { version } = JSON.parse(
    fs.readFileSync(new URL("../../deno.json", import.meta.url), "utf8"),
  );
  assert.equal(VERSION, version);
  assert.deepEqual(await stet("--version"), { out: [`stet ${version}`], err: [], code: 0 });
});

test("stet help run is stet run --help, and a misspelt command names the nearest", async () => {
  assert.deepEqual(await stet("help", "run"), await stet("run", "--help"));
  assert.match((await stet("stats")).err[0]!, /no command "stats"; did you mean "status"\?/);
  assert.match((await stet("help", "serv")).err[0]!, /did you mean "serve"\?/);
});

test("commands, options and their words are completed from their declarations", async () => {
  assert.deepEqual(await words("stet ex"), ["explain", "export"]);
  assert.deepEqual(await words("stet help st"), ["status"]);
  assert.deepEqual(await words("stet run --ret"), ["--retries", "--retry-delay"]);
  assert.deepEqual(await words("stet merge a.csv --prefer "), ["newest", "first"]);
  assert.deepEqual(await words("stet merge a.csv --prefer=n"), ["--prefer=newest"]);
  assert.deepEqual(await words("stet completions "), ["bash", "zsh", "fish"]);
  assert.deepEqual(await words("stet run -g a=1 -- ./tr"), [":files"]);
  assert.deepEqual(await words("stet nope "), []);
});

test("names and values of params are completed from the store that the line names", async (t) => {
  const store = tempStore(t);
  await makeStore(store);
  assert.deepEqual(await words(`stet run -s ${store} -g `), ["alpha=", "model="]);
  assert.deepEqual(await words(`stet run -s ${store} -g alpha=`), ["alpha=0.1", "alpha=0.5"]);
  assert.deepEqual(await words(`stet run -s ${store} -g alpha=0.1,0`), [
    "alpha=0.1,0.1",
    "alpha=0.1,0.5",
  ]);
  assert.deepEqual(await words(`stet explain '${store}' mod`), ["model=", ":files"]);
  assert.deepEqual(await words(`stet reset ${store} "model=a`), ["model=a b", ":files"]);
  assert.deepEqual(await words(`stet ls ${store} --sort alpha,re`), ["alpha,result.loss"]);
  assert.deepEqual(await words(`stet ls ${store}-no --sort a`), []);
  assert.deepEqual(await words(`stet plot ${store} lo`), [":files", "loss"]);
  assert.deepEqual(await words(`stet plot ${store} loss --by `), ["alpha", "model"]);
  assert.deepEqual(await words(`stet best ${store} -m `), ["loss"]);
});

/** Completes a line in a real shell, by a script that prints the candidates. */
const shells = {
  bash: (line: string) =>
    `COMP_LINE='${line}' COMP_POINT=${line.length}; compopt() { :; }; _stet; printf '%s\\n' "\${COMPREPLY[@]}"`,
  fish: (line: string) => `complete -C '${line}' | string split -f1 \\t`,
} as const;

for (const [shell, ask] of Object.entries(shells)) {
  const isThere = spawnSync(shell, ["--version"]).status === 0;
  test(`${shell} completes commands and params`, {
    skip: isThere ? false : `${shell} is not installed`,
  }, async (t) => {
    const store = tempStore(t);
    await makeStore(store);
    const folder = path.dirname(store);
    const script = spawnSync(own.command, [...own.args, cli, "completions", shell], {
      encoding: "utf8",
    });
    assert.equal(script.status, 0, script.stderr);
    fs.writeFileSync(path.join(folder, "script"), script.stdout);
    const found = (line: string): string[] => {
      const { stdout, stderr } = spawnSync(shell, ["-c", `source ./script; ${ask(line)}`], {
        cwd: folder,
        encoding: "utf8",
        env: { ...process.env, HOME: folder },
      });
      return stdout.split("\n").filter(Boolean).concat(stderr ? [stderr] : []);
    };
    assert.deepEqual(found("stet ex"), ["explain", "export"]);
    const names = found("stet run -s runs.csv -g al");
    assert.deepEqual(names, ["alpha="]);
    const values = found("stet run -s runs.csv -g alpha=0");
    assert.deepEqual(values.map((word) => word.replace("alpha=", "")), ["0.1", "0.5"]);
    assert(found("stet status ru").includes("runs.csv"));
  });
}

test("zsh reads its script", {
  skip: spawnSync("zsh", ["--version"]).status === 0 ? false : "zsh is not installed",
}, async () => {
  const { out } = await stet("completions", "zsh");
  const { status, stderr } = spawnSync("zsh", ["-fc", `compdef() { :; }; ${out[0]}\nwhich _stet`], {
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
});
