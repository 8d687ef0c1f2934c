import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { once, openBackend } from "../../mod.ts";
import { keyOf, keyShape } from "../../core/keys/key.ts";
import { openEngine } from "../open_engine.ts";
import { postgresSkip } from "./programs.ts";
import { sharedServer } from "./shared_server.ts";
import { connectSql } from "./sql.ts";

const options = { timeout: 60_000, skip: postgresSkip };
const page = readFileSync(new URL("../../docs/postgres.md", import.meta.url), "utf8");

/** Returns the statements of a block, by what follows its fence. */
function statements(info: string): string[] {
  const block = new RegExp("^```" + info + "\\n([^]*?)^```", "m").exec(page)?.[1];
  assert(block, `docs/postgres.md has a block ${info}`);
  return block.replace(/--.*$/gm, "").split(";").map((it) => it.trim()).filter((it) => it !== "");
}

test(
  "the roles of docs/postgres.md share a store, and the reader runs the recipes",
  options,
  async () => {
    const server = await sharedServer();
    const superuser = await server.connect();
    for (const sql of statements("sql roles")) await superuser.query(sql);
    await superuser.query("CREATE ROLE bob LOGIN PASSWORD 'secret' IN ROLE runners");
    await superuser.query("ALTER ROLE bob SET role = runners");
    const url = (user: string): string =>
      server.url({ user, password: "secret", params: { table: "runs" } });

    for (const [n, user] of ["ada", "bob"].entries()) {
      const train = once(({ alpha, seed }: { alpha: number; seed: number }) => {
        if (seed === 9) throw new Error("diverged");
        return { accuracy: alpha * seed };
      }, { store: url(user), save: true, quiet: true });
      for (const seed of [1, 2]) await train({ alpha: n / 2, seed });
      await assert.rejects(train({ alpha: n / 2, seed: 9 }), /diverged/);
      await train.close();
    }
    const running = await openEngine(url("ada"));
    const { state } = await running.claim(
      keyOf(keyShape(["alpha", "seed"]), { alpha: 3, seed: 3 }),
    );
    assert.equal(state, "claimed");

    const reader = await connectSql(url("reader").replace(/\?.*/, ""));
    const results = [];
    for (const sql of statements("sql recipes")) results.push(await reader.query(sql));
    const [progress, best, effect, minutes, claims, failures] = results;
    assert.equal(progress![0]!["done"], "4");
    assert.deepEqual(best![0], { alpha: 0.5, seed: "2", "result.accuracy": 1 });
    assert.deepEqual(effect!.map(({ alpha, avg }) => [alpha, avg]), [[0, 0], [0.5, 0.75]]);
    assert.equal(minutes!.reduce((sum, { count }) => sum + Number(count), 0), 4);
    assert.match(String(claims![0]!["holder"]), /^process \d+/);
    assert.deepEqual(failures!.map(({ error }) => error), ["diverged", "diverged"]);
    await reader.close();
    await running.close();

    // Rows that SQL deletes are run again.
    assert.equal((await superuser.query("DELETE FROM runs WHERE seed = 2 RETURNING 1")).length, 2);
    const backend = await openBackend(url("bob"));
    assert.equal(await backend.has({ seed: 2 }), false);
    await backend.close();
    await superuser.close();
  },
);

test(
  "the columns of a store have the types and names that docs/postgres.md says",
  options,
  async () => {
    const server = await sharedServer();
    const superuser = await server.connect();
    await superuser.query("CREATE DATABASE typed OWNER stet");
    await superuser.close();
    const backend = await openBackend(
      server.url({ database: "typed", params: { table: "typed" } }),
    );
    await backend.record({
      alpha: 0.1,
      seed: 42,
      flag: true,
      model: "42",
      layers: [1, 2],
      nothing: null,
      "result.accuracy": 1,
    });
    await backend.close();
    const sql = await server.connect("typed");
    const columns = await sql.query(
      `SELECT column_name AS name, data_type AS type FROM information_schema.columns
     WHERE table_name = 'typed' ORDER BY ordinal_position`,
    );
    assert.deepEqual(Object.fromEntries(columns.map(({ name, type }) => [name, type])), {
      _stet_row: "bigint",
      alpha: "double precision",
      seed: "bigint",
      flag: "boolean",
      model: "text",
      layers: "text",
      "result.accuracy": "double precision",
      _stet_timestamp: "text",
      _stet_more: "jsonb",
    });
    const [row] = await sql.query(`SELECT model, layers, _stet_more FROM typed`);
    assert.deepEqual(row, { model: '"42"', layers: "[1,2]", _stet_more: { nothing: "None" } });
    await sql.close();
  },
);
