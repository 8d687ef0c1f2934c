import assert from "node:assert/strict";
import { test } from "node:test";
import { passwordIn } from "../../backends/postgres/connection/pgpass.ts";
import { parsePostgresUrl } from "../../backends/postgres/connection/postgres_url.ts";
import { StoreError } from "../../core/errors.ts";

test("a URL of PostgreSQL is parsed, with and without a driver", () => {
  for (const scheme of ["postgres", "postgresql", "postgresql+psycopg", "POSTGRES"]) {
    const url = parsePostgresUrl(
      `${scheme}://me:a%2Fb%40c@db.example:5433/my%20runs?table=T%201&schema=s&pool=9&lease_seconds=2.5`,
    );
    const { location, host, port, user, password, database, table, schema } = url;
    assert.deepEqual([host, port, user, password], ["db.example", 5433, "me", "a/b@c"]);
    assert.deepEqual([database, table, schema], ["my runs", "T 1", "s"]);
    assert.deepEqual([url.pool, url.leaseSeconds, url.claims], [9, 2.5, undefined]);
    assert.equal(location, "postgresql://db.example:5433/my%20runs?schema=s&table=T+1");
  }
  const plain = parsePostgresUrl("postgres:///");
  assert.deepEqual([plain.host, plain.user, plain.database], [undefined, undefined, undefined]);
  assert.deepEqual([plain.table, plain.pool, plain.leaseSeconds], ["stet_records", 4, 30]);
  assert.equal(parsePostgresUrl("postgres://[::1]:5433/db").host, "::1");
  assert.equal(parsePostgresUrl("postgres:///db?host=/run/pg").host, "/run/pg");
});

test("one store has one location for all users", () => {
  const locations = [
    "postgres://h/db",
    "postgresql://me@h:5432/db",
    "postgresql+asyncpg://you:secret@h/db?pool=2&claims=lease&table=stet_records",
  ].map((url) => parsePostgresUrl(url).location);
  assert.deepEqual(new Set(locations), new Set(["postgresql://h/db"]));
});

test("a URL that makes no sense is refused, without its password", () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["postgres://me:s3/cret@h/db", /%2F for "\/"/],
    ["postgres://me:s3#cret@h/db", /%23 for "#"/],
    ["postgres://me:s3cret@h/db/more", /no URL of a database/],
    ["postgres://me:s3cret@h/db?tabel=x", /no parameter "tabel", only table,/],
    ["postgres://me:s3cret@h/db?lease_seconds=0", /lease_seconds must be from 1 to 86400/],
    ["postgres://me:s3cret@h/db?pool=1", /pool must be from 2 to 100/],
    ["postgres://me:s3cret@h/db?claims=both", /claims must be one of session, lease/],
    ["postgres://me:s3cret@h/db?sslmode=on", /sslmode must be one of disable, /],
    [`postgres://me:s3cret@h/db?table=${"é".repeat(32)}`, /table must have 1 to 63 bytes/],
    ["postgres://me:s3cret@h/db?schema=a%00b", /no control characters/],
    ["postgres://me:s3cret@h/db?table=stet_claims", /holds claims or failures/],
  ];
  for (const [url, pattern] of cases) {
    assert.throws(() => parsePostgresUrl(url), (error) => {
      assert.ok(error instanceof StoreError);
      assert.match(error.message, pattern, url);
      assert.doesNotMatch(error.message, /s3|cret/);
      return true;
    });
  }
});

test("a password file gives the password of its first line that fits", () => {
  const text = [
    "# comment:5432:*:*:no",
    "other:5432:db:me:no",
    "h:5432:db:me:a\\:b\\\\c",
    "*:*:*:me:any",
    "localhost:*:*:*:socket",
  ].join("\n");
  const owner = { host: "h", port: 5432, database: "db", user: "me" };
  assert.equal(passwordIn(text, owner), "a:b\\c");
  assert.equal(passwordIn(text, { ...owner, port: 5433 }), "any");
  assert.equal(passwordIn(text, { ...owner, user: "you" }), undefined);
  assert.equal(passwordIn(text, { ...owner, user: "you", host: "/run/pg" }), "socket");
  assert.equal(passwordIn("a:b\r\nh:5432:db:me:x\r\n", owner), "x");
});
