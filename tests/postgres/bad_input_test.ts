import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { inspect } from "node:util";
import { main } from "../../cli.ts";
import { ls, once, openBackend, query, status, StoreError } from "../../mod.ts";
import { tempFolder } from "../temp_folder.ts";
import { startPooler } from "./pooler.ts";
import { owner, poolerSkip, postgresSkip } from "./programs.ts";
import { type ProxyOptions, startProxy } from "./proxy.ts";
import { until } from "../until.ts";
import { type PostgresServer, startServer, type UrlParts } from "./server.ts";

/** A password with the characters that end other parts of a URL. */
const PASSWORD = "p/w@sec:ret?#%";

/** All spellings of the password that a message could have. */
const SECRETS = [PASSWORD, encodeURIComponent(PASSWORD), "sec:ret", "sec%3Aret"];

const timeout = 120_000;
const options = { timeout, skip: postgresSkip };

let started: Promise<PostgresServer> | undefined;

/** Returns the server of this file: roles `member` and `reader` have the password. */
function secured(): Promise<PostgresServer> {
  started ??= startSecured();
  return started;
}

async function startSecured(): Promise<PostgresServer> {
  const server = await startServer({ settings: ["authentication_timeout = 600s"] });
  const sql = await server.connect();
  for (const role of ["member", "reader"]) {
    await sql.query(`CREATE ROLE ${role} LOGIN PASSWORD '${PASSWORD}'`);
  }
  await sql.query("GRANT USAGE, CREATE ON SCHEMA public TO member");
  await sql.close();
  return server;
}

/** Returns the URL of a role with the password. */
async function secretUrl(parts: UrlParts = {}): Promise<string> {
  return (await secured()).url({ user: "member", password: PASSWORD, ...parts });
}

/** Runs a command line in this process. */
async function stet(...args: string[]): Promise<{ readonly text: string; readonly code: number }> {
  const lines: string[] = [];
  const print = (line: string): void => void lines.push(line);
  const code = await main(args, { log: print, error: print });
  return { text: lines.join("\n"), code };
}

function assertNoSecret(...texts: readonly string[]): void {
  for (const text of texts) {
    for (const secret of SECRETS) assert(!text.includes(secret), `the password is shown: ${text}`);
  }
}

/**
 * Asserts that a store is refused before anything runs: by an error that matches, without the password. The
 * command line says the same.
 */
async function assertRefused(store: string, pattern: RegExp): Promise<void> {
  let runs = 0;
  const error = await runOnce(store, () => runs++).then(() => undefined, (error: unknown) => error);
  assert(error instanceof StoreError, `not refused: ${inspect(error)}`);
  assert.match(error.message, /^Cannot /);
  assert.match(error.message, pattern);
  assert.equal(runs, 0);
  const { text, code } = await stet(
    ...["run", "--store", store, "--namespace", "commands", "-g", "seed=1", "--", "false"],
  );
  assert.match(text, pattern);
  assert.equal(code, 3);
  assertNoSecret(error.message, String(error.stack), inspect(error, { depth: 9 }), text);
}

/** Runs a function once. Some stores are refused when it is wrapped, others when it is called. */
async function runOnce(store: string, body: () => void): Promise<void> {
  const run = once(({ seed: _ }: { seed: number }) => body(), { store, quiet: true });
  try {
    await run({ seed: 1 });
  } finally {
    await run.close().catch(() => {});
  }
}

/** Asserts that a store is refused behind a proxy. */
async function assertRefusedBehind(
  proxyOptions: ProxyOptions,
  pattern: RegExp,
  parts: UrlParts = {},
): Promise<void> {
  const server = await secured();
  const proxy = await startProxy(server.port, proxyOptions);
  try {
    await assertRefused(await secretUrl({ port: proxy.port, ...parts }), pattern);
    await until(() => proxy.connections === 0); // one that is left open keeps the process alive
  } finally {
    await proxy.close();
  }
}

test("a wrong password is refused", options, async () => {
  await assertRefusedBehind({}, /password/, { password: `${PASSWORD}!` });
});

test(
  "no password where one is needed is refused, and the ways to give it are named",
  options,
  async () => {
    await assertRefusedBehind({}, /PGPASSWORD/, { password: undefined });
  },
);

test(
  "a command line that meets no table, or would replace one, says what to do",
  options,
  async (t) => {
    const file = join(tempFolder(t), "runs.csv");
    writeFileSync(file, "seed,result\n1,2\n");
    const url = await secretUrl({ params: { table: "not yet" } });
    assert.match((await stet("status", url)).text, /it is not there yet, .* check the URL$/);
    for (const args of [["merge", file, file], ["export", file]]) {
      assert.match((await stet(...args, "-o", url)).text, /append \(stet export --append\)$/);
    }
    assert.equal((await stet("export", file, "-o", url, "--append")).code, 0);
    assert.match((await stet("status", url)).text, /1 completed/);
  },
);

test(
  "a table of claims that another program drops is made by the next process",
  options,
  async () => {
    const server = await secured();
    const sql = await server.connect();
    await sql.query("CREATE SCHEMA dropped AUTHORIZATION member");
    const url = await secretUrl({ params: { schema: "dropped" } });
    const open = once(({ seed }: { seed: number }) => seed, { store: url, quiet: true });
    await open({ seed: 1 });
    await sql.query("DROP TABLE dropped.stet_claims");
    await assert.rejects(open({ seed: 2 }), /stet_claims.* dropped it; start this one again/);
    await open.close().catch(() => {});
    const next = once(({ seed }: { seed: number }) => seed, {
      store: url,
      quiet: true,
      onChange: "ignore",
    });
    await next({ seed: 3 });
    await next.close();
    await sql.query("DROP TABLE dropped.stet_stores");
    await assertRefused(url, /stet_stores next to it; restore/);
    await sql.close();
  },
);

test("a password by PGPASSWORD, by a password file and by the URL is taken", options, async (t) => {
  const server = await secured();
  const plain = server.url({ user: "member", params: { table: "by password" } });
  const file = join(tempFolder(t), "pgpass");
  const quoted = PASSWORD.replace(/[:\\]/g, "\\$&");
  writeFileSync(file, `127.0.0.1:${server.port}:*:member:${quoted}\n`, { mode: 0o600 });
  t.after(() => {
    delete process.env["PGPASSWORD"];
    delete process.env["PGPASSFILE"];
  });
  const ways: [string, string | undefined, string][] = [
    ["PGPASSWORD", PASSWORD, plain],
    ["PGPASSFILE", file, plain],
    ["", undefined, await secretUrl({ params: { table: "by password" } })],
    ["", undefined, `${plain}&password=${encodeURIComponent(PASSWORD)}`],
  ];
  for (const [name, value, url] of ways) {
    if (value !== undefined) process.env[name] = value;
    const backend = await openBackend(url);
    await backend.record({ way: name });
    assertNoSecret(backend.location);
    await backend.close();
    if (value !== undefined) delete process.env[name];
  }
});

test("a database that does not exist is refused", options, async () => {
  await assertRefusedBehind({}, /database "nowhere" does not exist/, { database: "nowhere" });
});

test("a schema that does not exist is refused", options, async () => {
  await assertRefusedBehind({}, /schema "nowhere"/, { params: { schema: "nowhere" } });
});

test("a port at which nothing listens is refused", options, async () => {
  await assertRefused(await secretUrl({ port: 9 }), /ECONNREFUSED|nothing listens|refused/);
});

test("a server that answers nothing is refused", options, async () => {
  const server = await secured();
  const proxy = await startProxy(server.port);
  proxy.cut();
  await assertRefused(
    await secretUrl({ port: proxy.port }),
    /no answer|did not answer|time|ETIMEDOUT/i,
  );
  await proxy.close();
});

test("a server older than 13 is refused", options, async () => {
  const sql = await (await secured()).connect();
  const [row] = await sql.query("SHOW server_version");
  await sql.close();
  const version = String(row!["server_version"]).split(" ")[0]!;
  const [major, minor] = version.split(".") as [string, string];
  await assertRefusedBehind({
    replace: [[version, `12.${minor}`], [`${major}00${minor}`, `1200${minor}`]],
  }, /PostgreSQL 12/);
});

test("CockroachDB is refused", options, async () => {
  await assertRefusedBehind({ replace: [["PostgreSQL 1", "CockroachDB"]] }, /CockroachDB/);
});

test("a role that may not make tables is refused", options, async () => {
  await assertRefusedBehind({}, /permission|privilege|CREATE/, { user: "reader" });
});

test("a table of another program is refused, and stays as it is", options, async (t) => {
  const server = await secured();
  const sql = await server.connect();
  t.after(() => sql.close());
  await sql.query("CREATE TABLE theirs (alpha text, seed integer)");
  await sql.query("INSERT INTO theirs VALUES ('0.1', 1)");
  await sql.query("ALTER TABLE theirs OWNER TO member");
  await assertRefused(
    await secretUrl({ params: { table: "theirs" } }),
    /theirs.* is not one of stet/,
  );
  assert.deepEqual(await sql.query("SELECT * FROM theirs"), [{ alpha: "0.1", seed: 1 }]);
});

test("a store of a newer version is refused, and stays as it is", options, async (t) => {
  const url = await secretUrl({ params: { table: "newer" } });
  const backend = await openBackend(url);
  await backend.record({ seed: 2 });
  await backend.close();
  const sql = await (await secured()).connect();
  t.after(() => sql.close());
  const stores = (): Promise<unknown> => sql.query("SELECT * FROM stet_stores ORDER BY store");
  await sql.query("UPDATE stet_stores SET version = 99 WHERE store = 'newer'");
  const before = await stores();
  await assertRefused(url, /newer version of stet/);
  assert.deepEqual(await stores(), before);
  assert.equal((await sql.query("SELECT * FROM newer")).length, 1);
});

test("claims=session through a pooler is refused", { timeout, skip: poolerSkip }, async () => {
  const server = await secured();
  const pooler = await startPooler(server);
  const sql = await server.connect();
  await sql.query("CREATE SCHEMA pooled AUTHORIZATION stet");
  await sql.close();
  await assertRefused(
    server.url({ port: pooler.port, params: { claims: "session", schema: "pooled" } }),
    /pooler .*leave out claims=session/,
  );
  await pooler.end();
});

test("sslmode=require is refused by a server without TLS", options, async () => {
  await assertRefused(await secretUrl({ params: { sslmode: "require" } }), /TLS|SSL/);
});

test("a certificate that nobody vouches for is refused where it is verified", {
  timeout,
  skip: postgresSkip || (spawnSync("openssl", ["version"]).status !== 0 && "there is no openssl"),
}, async (t) => {
  const folder = tempFolder(t);
  const [key, certificate] = [join(folder, "key"), join(folder, "certificate")];
  const made = spawnSync("openssl", [
    ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"],
    ...["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
  ]);
  assert.equal(made.status, 0, String(made.stderr));
  chmodSync(folder, 0o755);
  chmodSync(key, 0o600);
  chownSync(key, owner!, owner!);
  const server = await startServer({
    settings: ["ssl = on", `ssl_key_file = '${key}'`, `ssl_cert_file = '${certificate}'`],
  });
  const url = (params: UrlParts["params"]): string =>
    server.url({ params: { ...params, table: "tls" } });
  try {
    await assertRefused(url({ sslmode: "verify-full" }), /certificate/);
    for (const sslmode of ["verify-full", "verify-ca"]) {
      const backend = await openBackend(url({ sslmode, sslrootcert: certificate }));
      await backend.record({ sslmode });
      await backend.close();
    }
    const backend = await openBackend(url({ sslmode: "require" }));
    assert.equal((await backend.load()).length, 2);
    await backend.close();
  } finally {
    await server.end();
  }
});

test("parameters of a URL that mean nothing are refused", options, async () => {
  const wrong: [string, string, RegExp][] = [
    ["sslmode", "maybe", /sslmode.*maybe/],
    ["lease_seconds", "0", /lease_seconds/],
    ["lease_seconds", "soon", /lease_seconds/],
    ["claims", "never", /claims.*never/],
    ["pool", "0", /pool/],
    ["table", "t".repeat(64), /63 bytes/],
    ["table", "é".repeat(32), /63 bytes/],
    ["schema", "s".repeat(64), /63 bytes/],
    ["tabel", "runs", /tabel/],
  ];
  for (const [name, value, pattern] of wrong) {
    await assertRefused(await secretUrl({ params: { [name]: value } }), pattern);
  }
});

test("other databases are named as unsupported, without the password", async () => {
  for (const scheme of ["mysql", "mariadb", "mssql", "oracle", "mongodb", "redis"]) {
    const secret = encodeURIComponent(PASSWORD);
    await assertRefused(`${scheme}://u:${secret}@127.0.0.1/db`, new RegExp(scheme));
    await assertRefused(`${scheme}://u:${PASSWORD}@127.0.0.1/db`, new RegExp(scheme));
    await assertRefused(`${scheme}://127.0.0.1/db?user=u&password=${secret}`, new RegExp(scheme));
  }
});

test("a role that may only read sees the status, rows and SQL of a store", options, async () => {
  const server = await secured();
  const params = { table: "read only" };
  const backend = await openBackend(await secretUrl({ params }));
  for (let seed = 0; seed < 5; seed++) await backend.record({ seed, result: seed * seed });
  await backend.close();
  const sql = await server.connect();
  await sql.query("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader");
  await sql.close();
  const url = await secretUrl({ user: "reader", params });
  assert.equal((await status(url, { quiet: true })).count, 5);
  assert.equal((await ls(url, { where: "seed > 2", quiet: true })).length, 2);
  assert.deepEqual(await (await query(url, "SELECT max(result) AS best FROM runs")).rows(), [
    { best: 16 },
  ]);
  const { text, code } = await stet("status", url);
  assert.equal(code, 0);
  assert.match(text, /5 completed/);
  assertNoSecret(text);
  const run = once(({ seed }: { seed: number }) => seed, { store: url, quiet: true });
  await assert.rejects(run({ seed: 9 }), /may not|permission|privilege/);
  await run.close();
});

test(
  "the command that a sweep prints finds its failures, given the password",
  options,
  async (t) => {
    const store = await secretUrl({ params: { table: "failing" } });
    const folder = tempFolder(t);
    const module = join(folder, "swept.ts");
    const library = new URL("../../mod.ts", import.meta.url).href;
    writeFileSync(
      module,
      `import { once } from ${JSON.stringify(library)};
export const fails = once(({ n }: { n: number }) => { throw new Error("no " + n); }, {
  store: ${JSON.stringify(store)}, namespace: "function", quiet: true });`,
    );
    const run = ["run", "--logs", folder, "--store", store, "-g", "n=1", "--", "false"];
    for (const args of [run, ["sweep", `${module}#fails`, "-g", "n=1"]]) {
      const { text } = await stet(...args);
      const [, url = ""] = /failed: PGPASSWORD=… stet failures '(.*)'/.exec(text) ?? [];
      const named = new URL(url);
      assert.deepEqual(
        [named.username, named.search],
        [new URL(store).username, "?table=failing"],
        text,
      );
      named.password = new URL(store).password;
      assert.match(
        (await stet("failures", named.href)).text,
        /failed and have not succeeded since/,
      );
    }
  },
);

test("no command shows the password, whether it succeeds or fails", options, async (t) => {
  const url = await secretUrl({ params: { table: "shown" } });
  const backend = await openBackend(url);
  for (let seed = 0; seed < 3; seed++) await backend.record({ seed, result: seed * seed });
  await backend.close();
  const folder = tempFolder(t);
  const missing = await secretUrl({ params: { table: "missing" } });
  for (const store of [url, missing, await secretUrl({ database: "nowhere" })]) {
    for (
      const args of [
        ["status", store],
        ["status", store, "--json"],
        ["ls", store],
        ["ls", store, "--where", "seed >"],
        ["failures", store],
        ["explain", store, "seed=9"],
        ["coverage", store, "-g", "seed=0..4"],
        ["verify", store],
        ["query", store, "SELECT count(*) AS n FROM runs"],
        ["query", store, "SELECT nothing FROM runs"],
        ["export", store, "-o", join(folder, "copy.csv")],
        ["merge", store, "-o", join(folder, "merged.csv")],
        ["reset", store, "seed=1"],
        ["run", "--logs", folder, "--store", store, "-g", "seed=5", "--", "true"],
        ["run", "--logs", folder, "--store", store, "-g", "seed=6", "--", "false"],
        ["run", "--namespace", "failing", "--logs", folder, "--store", store, "-g", "seed=6"]
          .concat("--", "false"),
      ]
    ) {
      const { text } = await stet(...args);
      assertNoSecret(text);
    }
  }
});
