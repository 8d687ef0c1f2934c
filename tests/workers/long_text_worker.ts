import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { readAxis } from "../../cli/grids/axis.ts";
import { columnList } from "../../cli/grids/column_list.ts";
import { readPair } from "../../cli/grids/read_pair.ts";
import { readSeconds } from "../../cli/runs/read_seconds.ts";
import { canonicalCell, readCell, writeCell } from "../../core/values/cell.ts";
import { parseCondition } from "../../core/tools/condition.ts";
import { csvFields } from "../../core/values/csv_field.ts";
import { parseJson } from "../../core/values/json.ts";
import { LastJson } from "../../executors/last_json.ts";
import { parseTemplate } from "../../executors/template.ts";
import { openBackend } from "../../mod.ts";
import { BRACKETS, firstOf, withoutEnd } from "../../query/statement.ts";
import { mediumFor } from "../../server/routes/media.ts";

/** Texts over which a pattern with two ways to match the same characters takes quadratic time. */
const many = (piece: string): string => piece.repeat(250_000 / piece.length);
const texts: readonly string[] = [
  ...[
    "1",
    " ",
    "+",
    "[",
    "{",
    '"',
    "'",
    ",",
    ";",
    "\0",
    "\n",
    "a",
    "a,",
    "{a",
    "--",
    "/*",
    "/**/",
    "1,",
  ]
    .map(many),
  `${many("1")}x`,
  `${many("1")}.x`,
  `1.${many("1")}x`,
  `1e${many("1")}x`,
  `-${many("1")}n`,
  `${many(" ")}x`,
  `a${many(" ")}\x01`,
  `a${many(" ")}"`,
  `x${many(";")}x`,
  `${many("/**/")}1`,
  `[${many("1")}]`,
  `"${many("\\")}`,
];

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "stet-test-"));

async function load(extension: string, text: string): Promise<void> {
  const store = path.join(folder, `runs${extension}`);
  fs.writeFileSync(store, text);
  const backend = await openBackend(store, { durability: "process", warn: () => {} });
  try {
    await backend.load();
    await backend.has({ a: text });
    await backend.record({ a: text });
  } finally {
    await backend.close();
    fs.rmSync(store, { force: true });
  }
}

const readers: Readonly<Record<string, (text: string) => unknown>> = {
  readCell,
  canonicalCell,
  writeCell,
  parseJson,
  csvFields,
  parseCondition: (text) => parseCondition(text, ["a"]),
  readAxis: (text) => readAxis(`a=${text}`),
  readPair: (text) => readPair(`a=${text}`),
  columnList: (text) => columnList(text, "--columns"),
  readSeconds: (text) => readSeconds(text, "--timeout"),
  parseTemplate: (text) => parseTemplate([text]),
  mediumFor,
  lastJson(text) {
    const last = new LastJson(2 ** 24);
    last.add(new TextEncoder().encode(text));
    return last.end();
  },
  withoutEnd,
  firstOf: (text) => firstOf(/[a-z]+/iy, text, BRACKETS),
  csv: (text) => load(".csv", text),
  csvCell: (text) => load(".csv", `a,b\n${text},1\n`),
  json: (text) => load(".json", `[{"a": 1}${text}`),
  jsonCell: (text) => load(".json", `[{"a": ${text}}]`),
  jsonl: (text) => load(".jsonl", `{"a": 1}\n${text}`),
};

for (const [name, read] of Object.entries(readers)) {
  for (const text of texts) {
    console.log(
      `${name} of ${JSON.stringify(text.slice(0, 8))} … ${JSON.stringify(text.slice(-8))}`,
    );
    try {
      await read(text);
    } catch {
      // Refused, in time.
    }
  }
}
console.log("csv with many columns");
const store = path.join(folder, "wide.csv");
const backend = await openBackend(store, { durability: "process" });
for (const name of ["a", "b"]) {
  const names = Array.from({ length: 150_000 }, (_, i) => `${name}${i}`);
  await backend.record(Object.fromEntries(names.map((each) => [each, 1])));
}
await backend.close();
fs.rmSync(folder, { recursive: true });
console.log("done");
