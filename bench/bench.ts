/**
 * Measures stet and the raw limit of each measurement, and prints them as a table.
 *
 *     deno task bench                      all groups, at all sizes
 *     bun bench/bench.ts look record       these groups
 *     node bench/bench.ts --rows=100000    this size of store (may be repeated)
 *       --format=.json  this kind of store (may be repeated), or `all`; default: all, and .csv for the
 *                       groups in which the kind matters little (run, resume, status)
 *       --quick         rough figures in a minute or two
 *       --json=FILE     also write them to a file
 *       --folder=PATH   measure on the disk of this folder; default: the system's temporary folder
 *
 * @module
 */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { runtime } from "./child.ts";
import { cluster } from "./cluster.ts";
import { cold } from "./cold.ts";
import { columnar } from "./columnar.ts";
import { crowd } from "./crowd.ts";
import { dashboardView } from "./dashboard_view.ts";
import { exporting } from "./export.ts";
import type { Group, Setting } from "./group.ts";
import { look } from "./look.ts";
import { postgres } from "./postgres.ts";
import { query } from "./query.ts";
import { read } from "./read.ts";
import { record } from "./record.ts";
import { resume } from "./resume.ts";
import { rewrite } from "./rewrite.ts";
import { run } from "./run.ts";
import { checkSample, type Format, formats } from "./sample_store.ts";
import { savedHit } from "./saved_hit.ts";
import { sidecar } from "./sidecar.ts";
import { status } from "./status.ts";
import { sweep } from "./sweep.ts";
import { isMet, type Line, ratioOf, tableOf } from "./table.ts";

const groups: readonly Group[] = [
  look,
  savedHit,
  record,
  run,
  sweep,
  crowd,
  cold,
  resume,
  status,
  read,
  rewrite,
  query,
  columnar,
  exporting,
  sidecar,
  dashboardView,
  postgres,
  cluster,
];

const { values: options, positionals: names } = parseArgs({
  allowPositionals: true,
  options: {
    rows: { type: "string", multiple: true, default: [] },
    format: { type: "string", multiple: true, default: [] },
    quick: { type: "boolean", default: false },
    json: { type: "string" },
    folder: { type: "string", default: os.tmpdir() },
  },
});

function groupsNamed(): readonly Group[] {
  const known = groups.map((group) => group.name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) {
    return groups.filter(({ name }) => names.length === 0 || names.includes(name));
  }
  throw new RangeError(`Cannot measure "${unknown}": must be one of ${known.join(", ")}`);
}

function sizesOf(group: Group): readonly number[] {
  const asked = options.rows.map(Number);
  const wrong = asked.findIndex((size) => !Number.isInteger(size) || size < 1);
  if (wrong !== -1) {
    throw new RangeError(`Cannot measure at --rows=${options.rows[wrong]}: must be 1 or more`);
  }
  if (asked.length > 0) return asked;
  return options.quick ? group.sizes.filter((size) => size <= 100_000) : group.sizes;
}

function formatsOf(group: Group): readonly Format[] {
  const asked = options.format;
  const unknown = asked.find((name) => name !== "all" && !formats.some((each) => each === name));
  if (unknown !== undefined) {
    throw new RangeError(`Cannot measure "${unknown}": must be one of ${formats.join(", ")}, all`);
  }
  if (asked.length === 0) return group.formats;
  return formats.filter((format) => asked.includes("all") || asked.includes(format));
}

const chosen = groupsNamed().flatMap((group) =>
  (group.kind ? group.formats : formatsOf(group)).flatMap((format) =>
    sizesOf(group).map((rows) => ({ group, format, rows }))
  )
);
const folder = fs.mkdtempSync(path.join(options.folder, "stet-bench-"));
function clean(): void {
  fs.rmSync(folder, { recursive: true, force: true });
}
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    clean();
    process.exit(1);
  });
}

const setting: Omit<Setting, "format"> = {
  folder,
  runtime,
  sampling: options.quick
    ? { samples: 5, length: 20, warmUp: 100 }
    : { samples: 7, length: 50, warmUp: 300 },
  isQuick: options.quick,
};
const machine = {
  runtime,
  version: process.versions[runtime],
  cpu: os.cpus()[0]?.model ?? "unknown",
  cores: os.cpus().length,
  folder: options.folder,
  time: new Date().toISOString(),
};
const all: Line[] = [];
try {
  for (const format of new Set(chosen.map(({ format }) => format))) {
    await checkSample(folder, format);
  }
  for (const { group, format, rows } of chosen) {
    if (process.stderr.isTTY) {
      process.stderr.write(`\r\x1b[K${group.name}, ${rows} rows, ${format}`);
    }
    const measurements = await group.measure(rows, { ...setting, format });
    const kind = group.kind ?? format;
    all.push(...measurements.map((each) => ({ group: group.name, format: kind, ...each })));
  }
} finally {
  clean();
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
}

console.log(
  `${runtime} ${machine.version}, ${machine.cores} × ${machine.cpu}, in ${machine.folder}\n`,
);
// By what was measured, and within that by format and size.
const whats = [...new Set(all.map(({ what }) => what))];
const sorted = whats.flatMap((what) => all.filter((line) => line.what === what));
console.log(tableOf(sorted));
if (options.json !== undefined) {
  const measurements = sorted.map((line) => ({
    ...line,
    ratio: ratioOf(line),
    isMet: isMet(line),
  }));
  fs.writeFileSync(options.json, JSON.stringify({ ...machine, measurements }, null, 2) + "\n");
}
