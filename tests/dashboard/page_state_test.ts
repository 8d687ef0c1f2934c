import assert from "node:assert/strict";
import { test } from "node:test";
import { parseWhere } from "../../core/tools/where.ts";
import type { Row } from "../../core/values/value.ts";
import { viewOf } from "../../figures/data/view_of.ts";
import { binWhere, metricBrush, paramBrush, withRange } from "../../server/dashboard/brush.js";
import { changed, readChoices, searchOf } from "../../server/dashboard/choices.js";
import {
  equals,
  partsOf,
  withoutBrackets,
  withoutPart,
  withParts,
} from "../../server/dashboard/conditions.js";
import { namespaceCondition, rowCondition } from "../../server/dashboard/row_condition.js";
import { parse } from "../../server/dashboard/parse.js";
import { differences } from "../../server/dashboard/diff.js";
import { loader } from "../../server/dashboard/loader.js";

test("a condition is split at its outermost ands, and joined again", () => {
  const where = `lr > 0.1 and name = 'a and b' and (x = 1 or y = 2) and layers = ["and", [1]]`;
  const parts = ["lr > 0.1", "name = 'a and b'", "(x = 1 or y = 2)", 'layers = ["and", [1]]'];
  assert.deepEqual(partsOf(where), parts);
  assert.equal(parts.reduce(withParts, ""), where);
  assert.equal(withParts(where, "lr > 0.1 and z = 3"), `${where} and z = 3`);
  assert.equal(withoutPart(where, 1), `${parts[0]} and ${parts[2]} and ${parts[3]}`);
  assert.deepEqual(partsOf("a = 1 or b = 2"), ["a = 1 or b = 2"]);
  assert.equal(withParts("a = 1 or b = 2", "c = 3"), "(a = 1 or b = 2) and c = 3");
  assert.deepEqual(partsOf(" "), []);
});

test("a value of a row becomes the condition that it has this value", () => {
  assert.equal(equals("lr", 0.1), "lr = 0.1");
  assert.equal(equals("a b", "it's"), `"a b" = 'it''s'`);
  assert.equal(equals("in", null), `"in" is null`);
  assert.equal(equals("layers", [64, 64]), "layers = [64,64]");
  assert.equal(equals("text", '"5"'), "text = '5'"); // cell text of the text 5
  assert.equal(equals("big", "12345678901234567890n"), "big = 12345678901234567890");
  assert.equal(equals("text", "1n"), "text = '1n'"); // only integers beyond 64 bits have the suffix
  assert.equal(equals("x", "nan"), "x = nan");
});

test("a row keeps the digits of a large integer, and a large number of a double is a number", () => {
  const row = parse(`{"a": 1e+21, "b": 9007199254740993, "c": 9007199254740992.0, "d": [1e300]}`);
  assert.equal(equals("a", row.a), "a = 1e+21");
  assert.equal(equals("c", row.c), "c = 9007199254740992");
  assert.equal(equals("d", row.d), "d = [1e+300]");
  assert.match(String(row.b), /^900719925474099[23]$/); // Bun gives no digits
});

test("the condition of a run says which params and namespace it lacks", () => {
  const columns = ["_stet_namespace", "lr", "seed", "result.loss", "_stet_elapsed"];
  const row = { lr: 1, "result.loss": 2, "_stet_elapsed": 0.1 };
  assert.equal(
    rowCondition(row, columns),
    "_stet_namespace is absent and lr = 1 and seed is absent",
  );
  assert.equal(namespaceCondition("b"), "_stet_namespace = 'b'");
  assert.equal(namespaceCondition(""), "_stet_namespace is absent");
  assert.deepEqual(readChoices("?namespace="), { namespace: "" }); // the runs without one
});

test("choices are an address, in which an absent one is made by the data", () => {
  const choices = { metric: "loss", over: "", where: "a = 'b&c'" };
  const search = searchOf(choices);
  assert.deepEqual(readChoices(search), { metric: "loss", over: "", where: "a = 'b&c'" });
  assert.equal(searchOf({}), "");
  assert.deepEqual(readChoices("?unknown=1&x="), {});
  // Another filter begins at the first page, another metric has its own direction.
  assert.deepEqual(changed({ page: "3", sort: "a" }, { where: "a = 1" }), {
    sort: "a",
    where: "a = 1",
  });
  assert.deepEqual(changed({ better: "higher", page: "3" }, { metric: "took" }), {
    metric: "took",
  });
});

test("a range of an axis is one part of a condition", () => {
  const axisOf = (kind: "numbers" | "ranges" | "texts", wheres: readonly string[]) =>
    paramBrush({
      name: "a b",
      label: "a b",
      kind,
      log: false,
      parts: wheres.map((where, i) => ({ label: `${i}`, where, number: i })),
      left_out: { values: 0, rows: 0 },
    });
  const numbers = axisOf("numbers", [`"a b" = 1`, `"a b" = 2`, `"a b" = 4`]);
  assert.deepEqual(numbers.stops.map(({ at }) => at), [0, 0.5, 1]);
  assert.equal(numbers.where(0, 1), `("a b" >= 1 and "a b" <= 2)`);
  assert.equal(numbers.where(2, 2), `"a b" = 4`);
  assert.equal(numbers.where(0, 2), null); // all of them
  const ranges = axisOf("ranges", [0, 1, 2].map((i) => `"a b" >= ${i} and "a b" < ${i + 1}`));
  assert.equal(ranges.where(0, 1), `("a b" >= 0 and "a b" < 2)`);
  assert.equal(ranges.where(1, 1), `("a b" >= 1 and "a b" < 2)`);
  const withDefault = axisOf("ranges", [
    `"a b" >= 0 and "a b" < 1`,
    `("a b" >= 1 and "a b" < 2 or "a b" is absent)`,
    `"a b" >= 2 and "a b" <= 3`,
  ]);
  assert.equal(withDefault.where(0, 1), `("a b" >= 0 and "a b" < 2 or "a b" is absent)`);
  assert.equal(withDefault.where(1, 2), `("a b" >= 1 and "a b" <= 3 or "a b" is absent)`);
  const texts = axisOf("texts", [`"a b" = 'x'`, `"a b" = [1,2]`, `"a b" is absent`]);
  assert.equal(texts.where(0, 1), `"a b" in ('x', [1,2])`);
  assert.equal(texts.where(1, 2), `("a b" = [1,2] or "a b" is absent)`);

  const metric = metricBrush("result.loss", "loss", "higher", [0.25, 0.75]);
  assert.equal(metric.stops.at(-1)?.text, "0.250"); // the better end is at the bottom
  assert.equal(metric.where(0, 20), "(result.loss >= 0.5 and result.loss <= 0.75)");
  assert.equal(metric.where(0, 40), null);
  const near = metricBrush("m", "m", "lower", [0.23299999999999998, 0.9]);
  assert.equal(near.where(0, 0), "(m >= 0.23299999999999998 and m <= 0.23299999999999998)");
  const small = metricBrush("m", "m", "lower", [1e-25, 2e-25]);
  assert.equal(small.where(10, 20), "(m >= 1.25e-25 and m <= 1.5e-25)");
});

test("a bin of the distribution has the runs that its condition selects", () => {
  for (
    const valueOf of [
      (i: number) => i % 50 / 10,
      (i: number) => Math.sqrt(i),
      (i: number) => -i / 3,
    ]
  ) {
    const rows = Array.from({ length: 105 }, (_, i): Row => ({ a: i, "result.m": valueOf(i) }));
    const { histogram } = viewOf(rows).configurations!;
    const selected = histogram.counts.map((_, i) =>
      rows.filter(parseWhere(binWhere(histogram, "result.m", i), ["result.m"])).length
    );
    assert.deepEqual(selected, histogram.counts);
  }
});

test("another range of a column takes the place of parts about it alone", () => {
  const axis = { name: "lr", label: "lr" };
  const where = "(lr >= 1 and lr <= 2) and b = 3 and (lr = 1 or b = 2) and lr in (1, 2)";
  assert.equal(withRange(where, axis, "lr = 2"), "b = 3 and (lr = 1 or b = 2) and lr = 2");
  assert.equal(withRange("lr2 = 1 and lr = 1", axis, null), "lr2 = 1");
  assert.equal(withRange("((lr >= 'T' and lr < 'Y') or lr = 'x')", axis, null), "");
  assert.equal(withoutBrackets("(a = 1 and b in (1, 2))"), "a = 1 and b in (1, 2)");
  assert.equal(withoutBrackets("(a) = (b)"), "(a) = (b)");
});

test("words that another text lacks are marked", () => {
  const own = (one: string, other: string): string[] =>
    differences(one, other).filter(({ isOwn }) => isOwn).map(({ text }) => text.trim());
  assert.deepEqual(own("the answer is 4, of course", "the answer is 5, of course"), ["4,"]);
  assert.deepEqual(own("a b c", "a b c"), []);
  assert.deepEqual(own("a\nb  c ", ""), ["a\nb  c"]);
  for (const text of ["", "a\n\n b ", "x ".repeat(3000)]) {
    assert.equal(differences(text, "x b").map((piece) => piece.text).join(""), text);
  }
});

test("a load is as soon as the soonest that was asked for", async () => {
  const order: string[] = [];
  const loads: PromiseWithResolvers<void>[] = [];
  const begun = Promise.withResolvers<void>();
  const { now, soon, stop } = loader(
    () => {
      order.push(`load ${loads.push(Promise.withResolvers<void>())}`);
      if (loads.length === 2) begun.resolve();
      return loads.at(-1)!.promise;
    },
    () => {
      if (loads.length > 1) return;
      soon(0);
      soon();
      setTimeout(() => order.push("half a second"), 500); // timers end in their order
    },
    (error) => order.push(String(error)),
  );
  now();
  soon(); // while it loads: a second after it
  loads[0]!.resolve();
  await begun.promise;
  stop();
  assert.deepEqual(order, ["load 1", "load 2"]);
});
