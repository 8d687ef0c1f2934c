import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { cutText, displayWidth, padText } from "../../core/display/display_width.ts";
import { tableText } from "../../core/display/table_text.ts";
import { ls } from "../../mod.ts";
import { openEngine } from "../open_engine.ts";
import { tempStore } from "../temp_folder.ts";

test("a text takes the cells of a terminal, not its characters of UTF-16", () => {
  for (
    const [text, width] of [
      ["abc", 3],
      ["größe", 5],
      ["gro\u0308ße", 5],
      ["日本語", 6],
      ["한국어", 6],
      ["ＡＢ", 4],
      ["🎉", 2],
      ["👩‍👩‍👧", 2],
      ["🇩🇪", 2],
      ["❤️", 2],
      ["…", 1],
    ] as const
  ) assert.equal(displayWidth(text), width, text);
});

test("a text is cut between characters and fits", () => {
  assert.equal(cutText("日本語", 5), "日本…");
  assert.equal(cutText("日本語", 4), "日…");
  assert.equal(cutText("a👩‍👩‍👧b", 3), "a…");
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), fc.nat(12), (text, width) => {
    const cut = cutText(text, width);
    assert(displayWidth(cut) <= width);
    assert(cut === text || text.startsWith(cut.slice(0, -1)));
    assert(displayWidth(padText(cut, width)) === width);
    assert.equal(cut.isWellFormed(), true);
  }));
});

test("columns of a table are aligned by cells, and floats have six digits", () => {
  assert.deepEqual(
    tableText([
      { model: "日本", loss: 0.1 + 0.2, seconds: 1234567.891 },
      { model: "🎉", loss: 12.3456789, seconds: NaN },
      { model: "a\n\tb", loss: 1e-9 / 3, seconds: 7 },
    ], ["model", "loss", "seconds"]),
    [
      "model         loss  seconds",
      "日本           0.3  1234568",
      "🎉         12.3457      nan",
      "a⏎ b   3.33333e-10        7",
    ],
  );
  assert.deepEqual(tableText([{ lr: 1 / 3 }], ["lr"], { isExact: () => true }), [
    "                lr",
    "0.3333333333333333",
  ]);
});

test("ls says a column in which all rows are equal once", async (t) => {
  const store = tempStore(t);
  const backend = await openEngine(store);
  for (let seed = 0; seed < 2; seed++) {
    await backend.record({
      alpha: 1 / 3,
      seed,
      "result.loss": seed / 3,
      _stet_timestamp: "2026-01-01T00:00:00Z",
    });
  }
  await backend.close();
  const lines = async (options: object): Promise<string[]> => {
    const lines: string[] = [];
    await ls(store, { ...options, log: (line) => void lines.push(line) });
    return lines;
  };
  assert.deepEqual(await lines({}), [
    "seed  result.loss",
    "   0            0",
    "   1     0.333333",
    "all rows: alpha=0.3333333333333333, _stet_timestamp='2026-01-01T00:00:00Z' " +
    "(--all shows these columns)",
  ]);
  assert.equal(
    (await lines({ all: true }))[0],
    "             alpha  seed  result.loss  _stet_timestamp",
  );
  assert.equal((await lines({ columns: ["alpha"] }))[0], "             alpha");
  assert.match((await lines({ limit: 1 }))[0]!, /alpha {2}seed/);
});
