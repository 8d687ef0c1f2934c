import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { MemoryBackend } from "../../backends/mod.ts";
import type { Case } from "../../conformance/case.ts";
import { claims } from "../../conformance/claims.ts";
import { closing } from "../../conformance/closing.ts";
import { columns } from "../../conformance/columns.ts";
import { contract } from "../../conformance/contract.ts";
import { following } from "../../conformance/following.ts";
import { growth } from "../../conformance/growth.ts";
import { keys } from "../../conformance/keys.ts";
import { leases } from "../../conformance/leases.ts";
import { many } from "../../conformance/many.ts";
import { testBackend } from "../../conformance/mod.ts";
import { withoutTimestamp } from "../../conformance/params_in.ts";
import { reopening } from "../../conformance/reopening.ts";
import { engineWith, runCase } from "../../conformance/run_case.ts";
import { sources } from "../../conformance/sources.ts";
import { sharing } from "../../conformance/sharing.ts";
import { values } from "../../conformance/values.ts";
import { readCell } from "../../core/values/cell.ts";
import { engineOf } from "../../core/contract/adapted_backend.ts";
import type { Engine } from "../../core/contract/engine.ts";
import { type Key, keyOf, keyShape } from "../../core/keys/key.ts";
import { setEntry } from "../../core/values/value.ts";
import type { Backend, Claim, ClaimAnswer, ClaimOptions, Failure, Row, Value } from "../../mod.ts";

/** Opens handles on stores in memory, one for each folder, that lack nothing. */
function openSound(): (folder: string) => Engine {
  const stores = new Map<string, Engine>();
  return (folder) => {
    const store = stores.get(folder) ?? engineOf(new MemoryBackend());
    stores.set(folder, store);
    const held = new Set<Claim>();
    let isClosed = false;
    const open = (): Engine => {
      if (isClosed) throw new Error(`Cannot use "${folder}": it was closed`);
      return store;
    };

    function hold(claim: Claim): Claim {
      held.add(claim);
      const end = (): Claim => {
        open();
        held.delete(claim);
        return claim;
      };
      return {
        record: (row) => end().record(row),
        fail: (note) => end().fail(note),
        release: () => end().release(),
      };
    }

    const methods = [
      "has",
      "record",
      "load",
      "remove",
      "clear",
      "exists",
      "rows",
      "valueBatches",
      "recordAll",
      "rowsAfter",
      "verify",
      "columns",
      "find",
      "sourceOf",
      "hasKey",
      "removeKey",
      "removeKeys",
      "failures",
      "forget",
      "held",
      "batch",
    ] as const;
    const checked = methods.map((name) => [name, (...args: unknown[]): unknown => {
      const engine = open();
      return (engine[name] as (...args: unknown[]) => unknown).apply(engine, args);
    }]);
    return engineWith(store, {
      location: folder,
      ...Object.fromEntries(checked),
      async claim(key: Key, options?: ClaimOptions): Promise<ClaimAnswer> {
        const answer = await open().claim(key, options);
        if (answer.state !== "claimed" || options?.lease) return answer;
        return { ...answer, claim: hold(answer.claim) };
      },
      async close(): Promise<void> {
        for (const claim of held) await claim.release();
        isClosed = true;
      },
    });
  };
}

/**
 * A backend with a mistake. Its rows are found by searching `load`, from which the suite takes it that many
 * looks are slow.
 */
function broken(sound: Engine, mistake: Partial<Engine>): Engine {
  const {
    has,
    record,
    load,
    remove,
    clear,
    close,
    exists,
    claim,
    held,
    failures,
    forget,
    ...others
  } = mistake;
  const plain: Backend = {
    location: sound.location,
    has: has ?? ((columns) => sound.has(columns)),
    record: record ?? ((row) => sound.record(row)),
    load: load ?? (() => sound.load()),
    remove: remove ?? ((columns) => sound.remove(columns)),
    clear: clear ?? (() => sound.clear()),
    close: close ?? (() => sound.close()),
    exists: exists ?? (() => sound.exists()),
    claims: {
      claim: claim ?? ((key, options) => sound.claim(key, options)),
      held: held ?? (() => sound.held()),
      failures: failures ?? (() => sound.failures()),
      forget: forget ?? ((params) => sound.forget(params)),
    },
  };
  return engineWith(engineOf(plain), { ...others, isIndexed: false });
}

/** The row with each value changed. */
function changed(row: Row, change: (value: Value) => Value): Row {
  const copy: Row = {};
  for (const [name, value] of Object.entries(row)) {
    setEntry(copy, name, name === "_stet_timestamp" ? value : change(value));
  }
  return copy;
}

/** A mistake: what a backend with it does in place of the sound one. */
type Mistake = (sound: Engine) => Partial<Engine>;

/** Records and looks as if each value were another. */
function taking(change: (value: Value) => Value): Mistake {
  return (sound) => ({
    record: (row) => sound.record(changed(row, change)),
    has: (row) => sound.has(changed(row, change)),
    remove: (row) => sound.remove(changed(row, change)),
    find: (key) => sound.find(keyOf(key.shape, changed(key.values, change))),
    hasKey: (key) => sound.hasKey(keyOf(key.shape, changed(key.values, change))),
  });
}

/** Matches values that become the same. */
function matching(change: (value: Value) => Value): Mistake {
  return (sound) => ({
    async has(columns) {
      const asked = changed(columns, change);
      const shape = keyShape(Object.keys(asked));
      const { text } = keyOf(shape, asked);
      return (await sound.load()).some((row) => keyOf(shape, changed(row, change)).text === text);
    },
    async find({ shape, values }) {
      const { text } = keyOf(shape, changed(values, change));
      const rows = await sound.load();
      return rows.findLast((row) => keyOf(shape, changed(row, change)).text === text);
    },
  });
}

/** Records and looks as if each string were another. */
function takingStrings(change: (text: string) => string): Mistake {
  return taking((value) => typeof value === "string" ? change(value) : value);
}

function loading(change: (row: Row, i: number, rows: Row[]) => Row): Mistake {
  return (sound) => ({ load: async () => (await sound.load()).map(change) });
}

async function matchesAny(sound: Engine, columns: Row): Promise<Row | undefined> {
  for (const [name, value] of Object.entries(columns)) {
    if (await sound.has({ [name]: value })) return { [name]: value };
  }
}

function claiming(
  change: (claim: Claim, sound: Engine) => Partial<Claim>,
): Mistake {
  return (sound) => ({
    async claim(key, options) {
      const answer = await sound.claim(key, options);
      if (answer.state !== "claimed") return answer;
      return { ...answer, claim: { ...answer.claim, ...change(answer.claim, sound) } };
    },
  });
}

const mistakes: readonly (readonly [what: string, caughtBy: readonly Case[], Mistake])[] = [
  ["has() matches any of the columns given", contract, (sound) => ({
    has: async (columns) => await matchesAny(sound, columns) !== undefined,
  })],
  ["has() leaves out columns that no row has", contract, (sound) => ({
    async has(columns) {
      const known = await sound.columns();
      const left = Object.entries(columns).filter(([name]) => known.includes(name));
      return await sound.has(Object.fromEntries(left));
    },
  })],
  ["has({}) is true of an empty store", contract, (sound) => ({
    has: (columns) => Object.keys(columns).length === 0 || sound.has(columns),
  })],
  ["a look makes a file", contract, (sound) => ({
    has(columns) {
      writeFileSync(join(sound.location, "runs"), "");
      return sound.has(columns);
    },
  })],
  ["load() gives the newest first", contract, (sound) => ({
    load: async () => (await sound.load()).toReversed(),
  })],
  ["record() keeps the arrays of its caller", contract, () => {
    const rows: Row[] = [];
    return {
      record: (row) => void rows.push({ ...row, _stet_timestamp: new Date().toISOString() }),
      load: () => rows,
    };
  }],
  ["record() adds no time", contract, loading(withoutTimestamp)],
  ["record() takes no time but now", contract, (sound) => ({
    record: (row) => sound.record(withoutTimestamp(row)),
  })],
  ["record() keeps one of equal rows", contract, (sound) => ({
    record: async (row) => void (await sound.has(row) || await sound.record(row)),
  })],
  ["record() writes what it read, with others between", contract, (sound) => ({
    async record(row) {
      const rows = await sound.load();
      await sleep(1);
      await sound.clear();
      for (const kept of [...rows, row]) await sound.record(kept);
    },
  })],
  ["remove() takes the first row only", contract, (sound) => ({
    async remove(columns) {
      const rows = await sound.load();
      const at = rows.findIndex((row) => Object.keys(columns).every((n) => row[n] === columns[n]));
      if (at === -1) return await sound.remove(columns);
      await sound.clear();
      for (const row of rows.toSpliced(at, 1)) await sound.record(row);
      return 1;
    },
  })],
  ["remove() matches any of the columns given", contract, (sound) => ({
    async remove(columns) {
      const match = await matchesAny(sound, columns);
      return await sound.remove(match ?? columns);
    },
  })],
  ["remove({}) clears", contract, (sound) => ({
    remove: (columns) => Object.keys(columns).length > 0 ? sound.remove(columns) : sound.clear(),
  } as Partial<Engine>)],
  ["remove() gives no number", contract, (sound) => ({
    remove: async (columns) => await sound.remove(columns) && 0,
  })],
  ["clear() keeps the rows", contract, () => ({ clear: () => {} })],
  ["valueBatches() gives the columns in an order of its own", contract, (sound) => ({
    valueBatches: (columns) => sound.valueBatches([...columns].sort()),
  })],
  ["rows() gives all columns", contract, (sound) => ({ rows: () => sound.rows() })],
  ["columns() gives those of the first row", contract, (sound) => ({
    columns: async () => Object.keys((await sound.load())[0] ?? {}),
  })],

  ["hasKey() is true of part of a key", keys, (sound) => ({
    hasKey: (key) => sound.has(key.values),
  })],
  ["defaults do not count", keys, (sound) => ({
    hasKey: (key) => sound.hasKey(keyOf(keyShape(key.shape.columns), key.values)),
  })],
  ["find() gives the oldest", keys, (sound) => ({
    find: async (key) =>
      (await sound.load()).find((row) => keyOf(key.shape, row).text === key.text),
  })],
  ["sourceOf() gives that of the oldest", sources, (sound) => ({
    async sourceOf({ shape, text }) {
      const row = (await sound.load()).find((row) => keyOf(shape, row).text === text);
      return row && String(row["_stet_source"] ?? "");
    },
  })],
  ["removeKey() takes rows with more columns too", keys, (sound) => ({
    removeKey: (key) => sound.remove(key.values),
  })],
  ["a hit is believed for ever", keys, (sound) => {
    const hits = new Set<string>();
    return {
      async hasKey(key) {
        if (await sound.hasKey(key)) hits.add(key.text);
        return hits.has(key.text);
      },
    };
  }],

  [
    "load() gives everything as text",
    values,
    loading((row) => changed(row, (value) => typeof value === "object" ? value : String(value))),
  ],
  [
    "what looks like a number is loaded as one",
    values,
    loading((row) =>
      changed(row, (value) => typeof value === "string" ? readCell(value) ?? "" : value)
    ),
  ],
  ['1 and "1" match', values, matching((value) => typeof value === "number" ? `${value}` : value)],
  ['true and "true" match', values, matching((value) => value === true ? "true" : value)],
  [
    "null is absent",
    values,
    loading((row) => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null))),
  ],
  [
    "an empty string is absent",
    values,
    loading((row) => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== ""))),
  ],
  ["NaN is null", values, taking((value) => Number.isNaN(value) ? null : value)],
  [
    "bigints are numbers",
    values,
    taking((value) => typeof value === "bigint" ? Number(value) : value),
  ],
  [
    "floats from 2^53 up are bigints",
    values,
    taking((value) => Number.isInteger(value) ? BigInt(value as number) : value),
  ],
  [
    "floats have 15 digits",
    values,
    taking((value) => typeof value === "number" ? Number(value.toPrecision(15)) : value),
  ],
  ["strings are trimmed", values, takingStrings((text) => text.trim())],
  ["strings are normalised", values, takingStrings((text) => text.normalize())],
  ["strings end at NUL", values, takingStrings((text) => text.split("\0")[0]!)],
  ["lone surrogates are replaced", values, takingStrings((text) => text.toWellFormed())],
  ["newlines are those of Unix", values, takingStrings((text) => text.replaceAll("\r\n", "\n"))],
  [
    "capitals do not count",
    values,
    matching((value) => typeof value === "string" ? value.toLowerCase() : value),
  ],
  ["long strings are cut", values, takingStrings((text) => text.slice(0, 2 ** 16))],

  ["__proto__ is no column", columns, (sound) => ({
    record(row) {
      const entries = Object.entries(row).filter(([name]) => name !== "__proto__");
      return sound.record(Object.fromEntries(entries));
    },
  })],
  ["what objects inherit is a column", columns, (sound) => ({
    async has(columns) {
      return await sound.has(columns) || Object.keys(columns).some((name) => name in {});
    },
  })],
  ["names of columns are taken in small letters", columns, (sound) => {
    const lower = (row: Row): Row =>
      Object.fromEntries(Object.entries(row).map(([name, value]) => [name.toLowerCase(), value]));
    return {
      record: (row) => sound.record(lower(row)),
      has: (columns) => sound.has(lower(columns)),
    };
  }],
  ["a row has at most 256 columns", columns, (sound) => ({
    record: (row) => sound.record(Object.fromEntries(Object.entries(row).slice(0, 256))),
  })],

  ["columns that come later are dropped", growth, (sound) => {
    let known: string[] | undefined;
    return {
      record(row) {
        known ??= Object.keys(row);
        const kept = Object.entries(row).filter(([name]) => known!.includes(name));
        return sound.record(Object.fromEntries(kept));
      },
    };
  }],
  [
    "older rows have null in new columns",
    growth,
    loading((row, _, rows) => ({
      ...Object.fromEntries(rows.flatMap(Object.keys).map((name) => [name, null])),
      ...row,
    })),
  ],
  [
    "a column keeps the type of its first value",
    growth,
    loading((row, _, rows) =>
      changed(row, (value) => typeof rows[0]!.value === "number" ? Number(value) : value)
    ),
  ],
  ["rows after the 8,192th are lost", growth, (sound) => {
    let number = 0;
    return { record: (row) => number++ < 8192 ? sound.record(row) : undefined };
  }],

  ["a closed handle goes on", closing, () => ({ close: () => {} })],
  ["close() closes the store for all", closing, (sound) => ({
    async close() {
      await sound.clear();
      await sound.close();
    },
  })],

  ["a store ends with its handle", reopening, (sound) => ({
    async close() {
      await sound.clear();
      await sound.close();
    },
  })],

  ["a handle sees what there was at its first look", sharing, (sound) => {
    let rows: Promise<Row[]> | undefined;
    return { load: () => rows ??= Promise.resolve(sound.load()) };
  }],
  ["a handle keeps what another removed", sharing, (sound) => {
    const seen = new Map<string, Row>();
    return {
      async find(key) {
        const row = await sound.find(key) ?? seen.get(key.text);
        if (row) seen.set(key.text, row);
        return row;
      },
    };
  }],

  ["recordAll() loses the row at the end of a batch", many, (sound) => ({
    recordAll: async (rows) => {
      const all = await Array.fromAsync(rows);
      await sound.recordAll(all.filter((_, i) => i % 1000 !== 999));
      return all.length;
    },
  })],
  ["recordAll() does not say how many", many, (sound) => ({
    recordAll: async (rows) => (await sound.recordAll(rows), 0),
  })],
  ["recordAll() adds batches as they end", many, (sound) => ({
    recordAll: async (rows) => await sound.recordAll((await Array.fromAsync(rows)).toReversed()),
  })],
  ["recordAll() keeps only columns that are known beforehand", many, (sound) => ({
    recordAll: async (rows, { columns } = {}) => {
      const all = await Array.fromAsync(rows);
      const kept = (row: Row): Row =>
        Object.fromEntries(Object.entries(row).filter(([name]) => columns?.includes(name) ?? true));
      return await sound.recordAll(all.map(kept));
    },
  })],
  ["recordAll() says nothing of an error", many, (sound) => ({
    recordAll: async (rows) => await Promise.resolve(sound.recordAll(rows)).catch(() => 0),
  })],
  ["verify() makes a file", many, (sound) => ({
    verify: () => (writeFileSync(join(sound.location, "runs"), ""), []),
  })],
  ["verify() removes rows of a key that differ", many, (sound) => ({
    async verify({ repair = false } = {}) {
      const rows = await sound.load();
      const seen = new Set(rows.map(({ seed }) => seed));
      if (!repair || seen.size === rows.length) return [];
      await sound.clear();
      for (const seed of seen) await sound.record(rows.find((row) => row.seed === seed)!);
      return [{ kind: "repeated", message: "rows", repaired: "removed" }];
    },
  })],
  ["verify() ends claims", many, (sound) => {
    const answers: Claim[] = [];
    return {
      async claim(key, options) {
        const answer = await sound.claim(key, options);
        if (answer.state === "claimed") answers.push(answer.claim);
        return answer;
      },
      async verify() {
        for (const claim of answers) await claim.release();
        return [];
      },
    };
  }],

  ["every claim is granted", claims, (sound) => ({
    claim: async (key) => {
      const answer = await sound.claim(key, { isDone: () => false });
      const claim: Claim = { record: (row) => sound.record(row), fail() {}, release() {} };
      return answer.state === "claimed" ? answer : { state: "claimed", claim };
    },
  })],
  ["claims are known to one handle only", claims, (sound) => {
    const { location, has, record, load, remove, clear, close } = sound;
    return engineOf({ location, has, record, load, remove, clear, close });
  }],
  ["isDone is not asked", claims, (sound) => ({ claim: (key) => sound.claim(key) })],
  ["a row that does not count as done stays beside the new one", claims, (sound) => ({
    async claim(key, options) {
      const answer = await sound.claim(key, options);
      if (answer.state !== "claimed" || !options?.isDone) return answer;
      const record: Claim["record"] = async (row) => {
        await sound.record(row);
        await answer.claim.release();
      };
      return { ...answer, claim: { ...answer.claim, record } };
    },
  })],
  [
    "release() does nothing after a record that was refused",
    claims,
    claiming((claim) => {
      let isRefused = false;
      return {
        async record(row) {
          isRefused = true;
          await claim.record(row);
        },
        release: () => isRefused ? undefined : claim.release(),
      };
    }),
  ],
  [
    "a recorded claim is not ended",
    claims,
    claiming((_, sound) => ({
      record: (row) => sound.record(row),
    })),
  ],
  ["a released claim is not ended", claims, claiming(() => ({ release: () => {} }))],
  ["a failed claim is not ended", claims, claiming(() => ({ fail: () => {} }))],
  ["a failure is not noted", claims, claiming((claim) => ({ fail: () => claim.release() }))],
  ["a failure is noted for ever", claims, (sound) => {
    const noted = new Map<string, Failure>();
    return {
      async failures() {
        for (const failure of await sound.failures()) {
          noted.set(keyOf(keyShape(undefined), failure.params).text, failure);
        }
        return [...noted.values()];
      },
    };
  }],
  ["failures are not counted", claims, (sound) => ({
    failures: async () => (await sound.failures()).map((failure) => ({ ...failure, attempt: 1 })),
  })],
  ["claims are not shown", claims, () => ({ held: () => [] })],
  [
    "attempts are not counted",
    claims,
    claiming((claim) => ({
      fail: ({ attempts: _, ...failure }) => claim.fail(failure),
    })),
  ],
  ["close() leaves claims as they are", claims, () => ({ close: () => {} })],

  ["a lease is a claim of the process", leases, (sound) => ({
    claim: (key, { lease: _, ...options } = {}) => sound.claim(key, options),
  })],
  ["a lease is never over", leases, (sound) => ({
    claim: (key, { lease, ...options } = {}) =>
      sound.claim(key, lease ? { ...options, lease: { ...lease, until: Infinity } } : options),
  })],
  ["every lease has the same token", leases, (sound) => ({
    claim: (key, { lease, ...options } = {}) =>
      sound.claim(key, lease ? { ...options, lease: { ...lease, token: "a" } } : options),
  })],
  ["a lost lease records all the same", leases, (sound) => ({
    async claim(key, options) {
      const answer = await sound.claim(key, options);
      if (answer.state !== "claimed" || !options?.lease) return answer;
      const record: Claim["record"] = async (row) => {
        try {
          await answer.claim.record(row);
        } catch {
          await sound.record(row);
        }
      };
      return { ...answer, claim: { ...answer.claim, record } };
    },
  })],
  ["a lost lease says nothing of it", leases, (sound) => ({
    async claim(key, options) {
      const answer = await sound.claim(key, options);
      if (answer.state !== "claimed" || !options?.lease) return answer;
      const record: Claim["record"] = async (row) =>
        await Promise.resolve(answer.claim.record(row)).catch(() => {});
      return { ...answer, claim: { ...answer.claim, record } };
    },
  })],
  ["a lease ends with its handle", leases, (sound) => {
    const held: Claim[] = [];
    return {
      async claim(key, options) {
        const answer = await sound.claim(key, options);
        if (answer.state === "claimed") held.push(answer.claim);
        return answer;
      },
      async close() {
        for (const claim of held) await Promise.resolve(claim.release()).catch(() => {});
        await sound.close();
      },
    };
  }],

  ["rowsAfter() takes no notice of the mark", following, (sound) => ({
    rowsAfter: async () => ({ ...await sound.rowsAfter(), isWhole: false }),
  })],
  ["rowsAfter() gives every time the same cursor", following, (sound) => ({
    rowsAfter: async (cursor) => ({ ...await sound.rowsAfter(cursor), cursor: "1" }),
  })],
  ["rowsAfter() counts rows", following, (sound) => ({
    async rowsAfter(cursor = "0") {
      const rows = await sound.load();
      return { cursor: `${rows.length}`, isWhole: false, rows: rows.slice(Number(cursor)) };
    },
  })],
  ["rowsAfter() gives rows that come meanwhile twice", following, (sound) => ({
    async rowsAfter(cursor) {
      const { cursor: now, isWhole } = await sound.rowsAfter(cursor);
      if (now === cursor) return { cursor, isWhole, rows: [] };
      const rows = async function* () {
        let loaded = await sound.load();
        for (let i = 0;; i++) {
          if (i === loaded.length) loaded = await sound.load();
          const row = loaded[i];
          if (!row) return;
          yield row;
        }
      };
      return { cursor: now, isWhole: true, rows: rows() };
    },
  })],
];

const sound = openSound();
testBackend({ name: "a sound backend", open: (folder) => broken(sound(folder), {}) });

for (const [what, cases, mistake] of mistakes) {
  test(`the suite fails a backend where ${what}`, async () => {
    const open = openSound();
    const caught: string[] = [];
    for (const { name, check } of cases) {
      const openBroken = (folder: string): Backend => {
        const handle = open(folder);
        return broken(handle, mistake(handle));
      };
      await runCase(check, openBroken).catch(() => caught.push(name));
      if (caught.length > 0) return;
    }
    assert.fail("no case caught it");
  });
}
