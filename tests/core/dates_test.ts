import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { dates, expandGrid } from "../../mod.ts";

const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** The number of days of a month of the calendar, counted without a Date. */
function daysIn(year: number, month: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return DAYS_IN_MONTH[month - 1]! + (month === 2 && isLeap ? 1 : 0);
}

function* calendar(from: number, to: number): Generator<string> {
  for (let year = from; year <= to; year++) {
    for (let month = 1; month <= 12; month++) {
      for (let day = 1; day <= daysIn(year, month); day++) {
        yield `${year}-${`${month}`.padStart(2, "0")}-${`${day}`.padStart(2, "0")}`;
      }
    }
  }
}

test("dates() gives every day of four centuries once", () => {
  assert.deepEqual([...dates("1800-01-01", "2199-12-31")], [...calendar(1800, 2199)]);
});

test("dates() includes both ends, and stops before an end that no whole number of steps leads to", () => {
  assert.deepEqual([...dates("2024-02-27", "2024-03-01")], [
    "2024-02-27",
    "2024-02-28",
    "2024-02-29",
    "2024-03-01",
  ]);
  assert.deepEqual([...dates("2024-01-01", "2024-01-20", "7d")], [
    ...dates("2024-01-01", "2024-01-15", "1w"),
  ]);
  assert.deepEqual([...dates("2024-01-03", "2024-01-01", "-1d")], [
    "2024-01-03",
    "2024-01-02",
    "2024-01-01",
  ]);
  assert.deepEqual([...dates("2024-01-01", "2024-01-01")], ["2024-01-01"]);
});

test("dates() gives months by the calendar, from any day, on the last day where a month is shorter", () => {
  assert.deepEqual([...dates("2023-12-31", "2024-04-30", "1mo")], [
    "2023-12-31",
    "2024-01-31",
    "2024-02-29",
    "2024-03-31",
    "2024-04-30",
  ]);
  for (const day of [1, 15, 28, 29, 30, 31]) {
    for (const step of [1, 2, 5, 12, 13]) {
      const found = [...dates(`1999-01-${`${day}`.padStart(2, "0")}`, "2005-12-31", `${step}mo`)];
      for (const [i, text] of found.entries()) {
        const months = i * step;
        const [year, month] = [1999 + Math.floor(months / 12), months % 12 + 1];
        const wanted = [year, month, Math.min(day, daysIn(year, month))];
        assert.deepEqual(text.split("-").map(Number), wanted);
      }
      assert.equal(found.length, Math.floor(83 / step) + 1);
    }
  }
  assert.deepEqual([...dates("2024-02-29", "2026-03-01", "1y")], [
    "2024-02-29",
    "2025-02-28",
    "2026-02-28",
  ]);
  assert.deepEqual([...dates("2024-03-31", "2024-01-31", "-1mo")], [
    "2024-03-31",
    "2024-02-29",
    "2024-01-31",
  ]);
  assert.deepEqual([...dates("2023-11", "2024-02")], ["2023-11", "2023-12", "2024-01", "2024-02"]);
  assert.deepEqual([...dates("2023-11", "2024-06", "3mo")], ["2023-11", "2024-02", "2024-05"]);
});

test("dates() gives times in the form of its ends", () => {
  assert.deepEqual([...dates("2024-01-01T22:00Z", "2024-01-02T02:00Z", "2h")], [
    "2024-01-01T22:00Z",
    "2024-01-02T00:00Z",
    "2024-01-02T02:00Z",
  ]);
  assert.deepEqual([...dates("2024-01-31 23:59:30", "2024-02-01 00:00:00", "15s")], [
    "2024-01-31 23:59:30",
    "2024-01-31 23:59:45",
    "2024-02-01 00:00:00",
  ]);
  assert.deepEqual([...dates("2024-01-30T06:00+02:00", "2024-02-29T06:00+02:00", "1mo")], [
    "2024-01-30T06:00+02:00",
    "2024-02-29T06:00+02:00",
  ]);
});

test("dates() knows its length", () => {
  const steps = ["1d", "3d", "2w", "1mo", "5mo", "1y"];
  for (const start of ["2023-01-31", "2024-02-29", "2024-03-01"]) {
    for (const end of dates("2024-03-01", "2024-05-31")) {
      for (const step of steps) {
        const found = dates(start, end, step);
        assert.equal(found.length, [...found].length);
        const back = dates(end, start, `-${step}`);
        assert.equal(back.length, [...back].length);
        assert.ok([...back].every((day) => day >= start && day <= end));
      }
    }
  }
});

test("dates() reaches the first and last year, and no further", () => {
  assert.deepEqual([...dates("9999-12-30", "9999-12-31")], ["9999-12-30", "9999-12-31"]);
  assert.deepEqual([...dates("0001-01-02", "0000-12-31", "-1d")], [
    "0001-01-02",
    "0001-01-01",
    "0000-12-31",
  ]);
  assert.deepEqual([...dates("9999-11", "9999-12", "2mo")], ["9999-11"]);
  assert.deepEqual([...dates("2024-01-01", "2024-01-05", "999999999y")], ["2024-01-01"]);
});

test("dates() refuses what is no date or step, and says what to write", () => {
  for (
    const [ends, message] of [
      [["2024-02-30", "2024-03-01"], /start is no date of the calendar/],
      [["2023-02-01", "2023-02-29"], /end is no date of the calendar/],
      [["2024-01-01", "2024-13-01"], /end is no date/],
      [["2024-01-01T25:00", "2024-01-02T00:00"], /start is no date/],
      [["2024-1-1", "2024-01-02"], /start is no date/],
      [["2024-01-01", "2024-02"], /the ends differ in form; write both alike/],
      [["2024-01-01T00:00Z", "2024-01-02T00:00"], /differ in form/],
      [
        ["2024-01-01", "2024-01-02", "6h"],
        /finer than the ends, which are days; write them as 2024-01-01T00:00/,
      ],
      [["2024-01", "2024-02", "1w"], /write them as 2024-01-01$/],
      [["2024-01-01T00:00", "2024-01-02T00:00", "5s"], /write them as 2024-01-01T00:00:00/],
      [["2024-01-01", "2024-01-02", "1.5d"], /must be such as 30s, 15m, 6h, 1d, 1w, 1mo or 1y/],
      [["2024-01-01", "2024-01-02", "0d"], /must be such as/],
      [["2024-01-01", "2024-01-02", "7"], /must be such as/],
      [["2024-02-01", "2024-01-01", "7d"], /step 7d leads away from the end; pass -7d/],
      [["2024-01-01", "2024-02-01", "-1mo"], /pass 1mo/],
    ] as const
  ) {
    assert.throws(
      () => dates(...ends as [string, string]),
      { name: "RangeError", message },
      `${ends}`,
    );
  }
  assert.throws(() => dates(new Date(0) as unknown as string, "2024-01-01"), {
    name: "TypeError",
    message: /start is an object, and must be a text such as "2024-01-31"/,
  });
});

test("dates() has the same values on all runtimes", () => {
  const all = createHash("sha256");
  const grid = expandGrid({
    start: dates("1970-01-31", "2038-01-31", "1mo"),
    time: dates("2024-03-30T00:00", "2024-04-01T00:00", "15m"),
  });
  for (const { start, time } of grid) all.update(`${start} ${time}\n`);
  assert.equal(all.digest("hex").slice(0, 16), "152ba7d9d831049a");
});
