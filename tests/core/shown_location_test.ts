import assert from "node:assert/strict";
import { test } from "node:test";
import { shownCommand } from "../../core/runtime/shown_command.ts";
import { shownLocation, withoutSecrets } from "../../core/runtime/shown_location.ts";

test("shownLocation() leaves out the password of a URL, whatever is in it", () => {
  const passwords = [
    "s3cr3t",
    "s3/cr3t",
    "s3@cr3t",
    "s3@c/r@3t",
    "12/s3cr3t",
    "s3?cr3t",
    "s3#cr3t",
    ":s3cr3t",
  ];
  for (const password of passwords) {
    for (const scheme of ["postgres", "postgresql", "postgresql+psycopg", "mysql", "sqlite"]) {
      const shown = shownLocation(`${scheme}://me:${password}@db.example:5432/runs?table=a`);
      assert.equal(shown, `${scheme}://me@db.example:5432/runs?table=a`, password);
    }
    const shown = shownLocation(`https://me:${password}@db.example/runs`);
    assert.equal(shown, "https://db.example/runs");
  }
  assert.equal(shownLocation("https://s3cr3t@db.example/"), "https://db.example/");
  assert.equal(shownLocation("http://:s3cr3t@127.0.0.1:8787"), "http://127.0.0.1:8787");
  assert.equal(shownLocation("jdbc:postgresql://me:s3cr3t@h/db"), "jdbc:postgresql://me@h/db");
});

test("shownLocation() leaves out parameters that hold a secret, and no others", () => {
  const base = "postgres://me@h/db";
  for (
    const name of [
      "password",
      "PASSWORD",
      "p%61ssword",
      "pwd",
      "sslpassword",
      "token",
      "access_token",
    ]
      .concat("api_key", "apikey", "secret", "client_secret", "sig", "auth")
  ) {
    assert.equal(shownLocation(`${base}?${name}=s3cr3t`), base, name);
    assert.equal(shownLocation(`${base}?table=a&${name}=s3cr3t&pool=2`), `${base}?table=a&pool=2`);
  }
  for (const query of ["table=a", "token_file=/a/b", "sslmode=require", "key=alpha", "sslkey=/a"]) {
    assert.equal(shownLocation(`${base}?${query}`), `${base}?${query}`);
  }
  assert.equal(shownLocation("https://h/x#token=s3cr3t"), "https://h/x");
});

test("shownLocation() leaves a location without a secret as it is", () => {
  for (
    const location of [
      "runs.csv",
      "/a/b@c/runs.sqlite",
      "C:\\runs@home\\a.csv",
      "sqlite:///a/b.db",
      "postgres://h/db",
      "postgres://me@h/db",
      "https://h/a@b",
      "http://127.0.0.1:8787",
      "http://[::1]:8787/x?y=1",
      ":memory:",
    ]
  ) assert.equal(shownLocation(location), location);
});

test("shownLocation() leaves out a password among words", () => {
  assert.equal(shownLocation("host=h password=s3cr3t user=me"), "host=h password=… user=me");
  assert.equal(shownLocation("password = 'a b' host=h"), "password = … host=h");
});

test("withoutSecrets() leaves out the secrets of each URL in a text", () => {
  assert.equal(
    withoutSecrets(`got "mysql://me:s3cr3t@h/db" and 'http://h/?token=s3cr3t', runs.csv`),
    `got "mysql://me@h/db" and 'http://h/', runs.csv`,
  );
});

test("shownCommand() shows how to give the password that a URL had", () => {
  for (
    const [words, command] of [
      [
        ["stet", "ls", "postgres://me:s3cr3t@h/db?table=a"],
        "PGPASSWORD=… stet ls 'postgres://me@h/db?table=a'",
      ],
      [
        ["stet", "run", "--store=postgres+ssl://me@h/db?password=s3cr3t", "-g", "n=1"],
        "PGPASSWORD=… stet run --store=postgres+ssl://me@h/db -g n=1",
      ],
      [["stet", "ls", "postgres://me@h/db"], "stet ls postgres://me@h/db"],
      [["stet", "ls", "it's.csv"], "stet ls 'it'\\''s.csv'"],
    ] as const
  ) assert.equal(shownCommand(words), command);
});
