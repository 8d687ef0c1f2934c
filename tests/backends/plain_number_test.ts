import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import fc from "fast-check";
import { plainNumber } from "../../backends/text/plain_number.ts";
import { readCell } from "../../core/values/cell.ts";

function read(text: string): number {
  const bytes = Buffer.from(`,${text},`);
  return plainNumber(bytes, 1, bytes.length - 1);
}

test("plainNumber() is the number that the cell's text is read as, or NaN", () => {
  const digit = fc.constantFrom(..."0123456789");
  const numeral = fc.tuple(
    fc.constantFrom("", "-", "+"),
    fc.array(digit, { maxLength: 17 }),
    fc.constantFrom("", "."),
    fc.array(digit, { maxLength: 17 }),
    fc.constantFrom("", "", "e5", "n", " "),
  ).map(([sign, whole, point, fraction, end]) =>
    `${sign}${whole.join("")}${point}${fraction.join("")}${end}`
  );
  fc.assert(
    fc.property(numeral, (text) => {
      const number = read(text);
      if (!Number.isNaN(number)) assert(Object.is(number, readCell(text)), text);
    }),
    { numRuns: 20_000 },
  );
});

test("plainNumber() reads what most cells are", () => {
  for (
    const text of ["0", "7", "-0.5", "0.1", "123456789012345", "0.00001", "-0", "16.000000000001"]
  ) {
    assert(Object.is(read(text), readCell(text)), text);
  }
  for (
    const text of ["", "-", ".", "5.", ".5", "1e5", "nan", "+1", "1234567890123456", "1.2.3", "a"]
  ) {
    assert(Number.isNaN(read(text)), text);
  }
});
