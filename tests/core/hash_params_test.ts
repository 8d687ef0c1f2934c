import { readFileSync } from "node:fs";
import { test } from "node:test";
import assert from "node:assert/strict";
import { type ColumnType, hashParams } from "../../core/keys/hash_params.ts";

/** One case of `fixtures/hash_vectors.json`, which Python made: see `fixtures/hash_vectors.py`. */
interface Vector {
  readonly topic: string;
  readonly params: Encoded;
  readonly columns?: Readonly<Record<string, ColumnType>>;
  readonly hash: string;
}

type Encoded = string | boolean | null | readonly Encoded[] | {
  readonly $float?: string;
  readonly $int?: string;
  readonly $utf16?: string;
  readonly $dict?: readonly (readonly [Encoded, Encoded])[];
};

const vectors = JSON.parse(
  readFileSync(new URL("../fixtures/hash_vectors.json", import.meta.url), "utf8"),
) as readonly Vector[];

function decode(encoded: Encoded): unknown {
  if (typeof encoded !== "object" || encoded === null) return encoded;
  if (isArray(encoded)) return encoded.map(decode);
  if (encoded.$float !== undefined) return Number(encoded.$float.replace("inf", "Infinity"));
  if (encoded.$int !== undefined) return BigInt(encoded.$int);
  if (encoded.$utf16 !== undefined) {
    return encoded.$utf16.replace(/..../g, (hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  }
  const entries = encoded.$dict ?? [];
  return Object.fromEntries(entries.map(([name, value]) => [decode(name), decode(value)]));
}

function isArray(encoded: Encoded): encoded is readonly Encoded[] {
  return Array.isArray(encoded);
}

test("hashParams() gives the id that Python's entropic gives", () => {
  for (const { topic, params, columns, hash } of vectors) {
    const id = hashParams(decode(params) as object, columns === undefined ? {} : { columns });
    assert.equal(id, hash, `${topic}: ${JSON.stringify(params)}`);
  }
});

test("the vectors of hashParams() are at least 200", () => {
  assert.ok(vectors.length >= 200, `${vectors.length}`);
});

test("hashParams() takes an integral bigint for the same number", () => {
  assert.equal(hashParams({ n: 5n }), hashParams({ n: 5 }));
  assert.notEqual(hashParams({ n: 2n ** 53n }), hashParams({ n: 2 ** 53 }));
});

test("hashParams() leaves out reserved names at the top, and only there", () => {
  const id = hashParams({ alpha: 1 });
  const reserved = {
    result_file: new URL("file:///a"),
    created_at: () => 0,
    custom_data: new Map(),
    resultFile: 1,
    createdAt: 2,
    customData: 3,
  };
  assert.equal(hashParams({ alpha: 1, ...reserved }), id);
  assert.notEqual(hashParams({ alpha: { custom_data: 1 } }), hashParams({ alpha: {} }));
});

test("hashParams() gives an explicit id back as it is", () => {
  assert.equal(hashParams({ id: "mine", alpha: () => 0 }), "mine");
  assert.equal(hashParams({ id: undefined, alpha: 1 }), hashParams({ alpha: 1 }));
});

test("hashParams() refuses an id that is no string or empty", () => {
  for (const id of ["", 5, null, {}]) assert.throws(() => hashParams({ id }), TypeError);
});

test("hashParams() does not count absent entries", () => {
  assert.equal(
    hashParams({ a: 1, b: undefined, c: { d: undefined } }),
    hashParams({ a: 1, c: {} }),
  );
});

test("hashParams() names the place of what it cannot hash", () => {
  assert.throws(() => hashParams({ cfg: { opt: () => 0 } }), {
    name: "TypeError",
    message: /params\.cfg\.opt/,
  });
});

test("hashParams() refuses params that are no plain object", () => {
  for (const params of [[1], new Map(), new Date(0)]) {
    assert.throws(() => hashParams(params), TypeError);
  }
});

test("hashParams() is not misled by a param named as a method of objects", () => {
  const columns = { x: "real" } as const;
  assert.equal(hashParams({ constructor: 1 }, { columns }), hashParams({ constructor: 1 }));
});
