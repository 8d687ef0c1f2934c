import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { main } from "../../cli.ts";
import { ownCommand } from "../../core/runtime/interrupt.ts";
import { exportStore, mergeStores, once, reset, status, Store, StoreError } from "../../mod.ts";

const URLS = [
  "mysql://u:hush@h/db",
  "mysql://u:sec/hush@h/db",
  "mysql://u:sec@hush@h/db",
  "mysql://h/db?password=hush",
  "http://u:hush@127.0.0.1:1/",
];

test("no command shows the password of a URL", async () => {
  for (const url of URLS) {
    for (
      const args of [
        ["status", url],
        ["status", url, url],
        ["ls", url],
        ["failures", url],
        ["explain", url, "seed=1"],
        ["coverage", url, "-g", "seed=1"],
        ["reset", url, "--yes"],
        ["query", url, "SELECT 1"],
        ["export", url, "out.csv"],
        ["export", "missing.csv", url],
        ["import", "missing.csv", "--store", url],
        ["merge", url, url, "-o", "out.csv"],
        ["verify", url],
        ["serve", url, "--port", "0"],
        ["run", "--store", url, "-g", "seed=1", "--", "true"],
        ["run", `--stor=${url}`],
        ["submit", "slurm", "-n", "2", "--", "run", "-s", url, "-g", "seed=1", "--", "true"],
      ]
    ) {
      const said: string[] = [];
      const say = (line: string): void => void said.push(line);
      const code = await main(args, { log: say, error: say });
      assert(code >= 2, `${args.join(" ")}: ${code} ${said}`);
      assert(said.length > 0);
      assert.doesNotMatch(said.join("\n"), /hush/, args.join(" "));
    }
  }
});

test("no error of the library shows the password of a URL", async () => {
  for (const store of URLS) {
    for (
      const call of [
        () => once(({ seed }: { seed: number }) => seed, { store })({ seed: 1 }),
        () => status(store),
        () => reset(store),
        () => exportStore(store, "out.csv"),
        () => mergeStores([store, store], "out.csv"),
        () => new Store({ store, runner: () => {} }).retrieve({ seed: 1 }),
      ]
    ) {
      await assert.rejects(async () => await call(), (error) => {
        assert(error instanceof StoreError);
        assert.doesNotMatch(`${error.stack}`, /hush/);
        return true;
      });
    }
  }
});

test("the command that resumes a sweep shows no password", () => {
  const { argv } = process;
  try {
    process.argv = [...argv, "--store=postgres://u:hush@h/db"];
    assert.match(ownCommand(), /^PGPASSWORD=… .*--store=postgres:\/\/u@h\/db/);
  } finally {
    process.argv = argv;
  }
});
