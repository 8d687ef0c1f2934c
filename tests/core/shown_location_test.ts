import assert from "node:assert/strict";
import { test } from "node:test";
import { shownLocation, withoutSecrets } from "../../core/runtime/shown_location.ts";

test("a location is shown without its secrets", () => {
  const shown = {
    "runs.csv": "runs.csv",
    ":memory:": ":memory:",
    "sqlite:///a@b/runs.db": "sqlite:///a@b/runs.db",
    "http://127.0.0.1:8787?token_file=t": "http://127.0.0.1:8787?token_file=t",
    "http://127.0.0.1:8787?token=secret&lease_seconds=3":
      "http://127.0.0.1:8787?token=…&lease_seconds=3",
    "postgres://h/db": "postgres://h/db",
    "postgres://u@h/db": "postgres://…@h/db",
    "mysql://u:secret@h/db": "mysql://u:…@h/db",
    "postgresql+psycopg://u:secret@h:5432/db?table=t": "postgresql+psycopg://u:…@h:5432/db?table=t",
    "postgres://u:sec/ret@h/db": "postgres://u:…@h/db",
    "postgres://u:sec@ret@h/db": "postgres://u:…@h/db",
    "postgres://u:sec?ret#x@h/db": "postgres://u:…@h/db",
    "postgres://u:sec ret@h/db": "postgres://u:…@h/db",
    "postgres://:secret@h/db": "postgres://…@h/db",
    "POSTGRES://u:secret@h/db?PASSWORD=secret": "POSTGRES://u:…@h/db?PASSWORD=…",
    "postgres://h/db?password=sec@ret": "postgres://…",
    "postgres://u:a?password=b@h": "postgres://…",
    "postgres://h/db?sslpassword=secret&sslkey=k&table=keys":
      "postgres://h/db?sslpassword=…&sslkey=k&table=keys",
    "https://h/?api_key=secret&X-Auth=secret&sig=secret&monkey=1":
      "https://h/?api_key=…&X-Auth=…&sig=…&monkey=1",
  };
  for (const [location, text] of Object.entries(shown)) {
    assert.equal(shownLocation(location), text);
    if (!location.includes(" ")) assert.equal(withoutSecrets(`got "${location}"`), `got "${text}"`);
  }
});
