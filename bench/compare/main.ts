/**
 * Compares this project with others on the same work, and writes docs/performance.md and its plots:
 *
 *     deno task compare
 *     deno task compare --rows=100 --rows=1000 --most=10000    (smaller)
 *     deno task compare --only=stet-csv --only=joblib --most=10000000
 *
 * Packages of others are installed into a temporary folder. One that cannot be installed is skipped, and
 * the page says why.
 *
 * @module
 */
import { spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runtimes } from "../../tests/runtimes.ts";
import { type Contender, contenders } from "./contenders.ts";
import { install, type Installed, installParallel } from "./install.ts";
import { performancePage, type Programs, type Result } from "./page.ts";

const { values: options } = parseArgs({
  options: {
    rows: { type: "string", multiple: true, default: ["100", "1000", "10000", "100000"] },
    /** Rows of this project's stores, at most. */
    most: { type: "string", default: "1000000" },
    only: { type: "string", multiple: true, default: Object.keys(contenders) },
    /** Maximum time of filling a store and of a resume, in seconds. */
    limit: { type: "string", default: "10" },
  },
});

const PROCESSES = 4, GRID = 100, COMMANDS = 100, SAMPLE_SECONDS = 0.4;
const root = fileURLToPath(new URL("../../", import.meta.url));
const node = runtimes.find(({ name }) => name === "node");
if (!node) {
  throw new Error("Cannot compare: packages of npm are measured on Node; install Node 22.18");
}
const temporary = fs.mkdtempSync(path.join(os.tmpdir(), "stet-compare-"));
const limit = Number(options.limit);

/** The command of a worker. */
function commandOf(name: string, { language }: Contender, packages: string): string[] {
  const worker = fileURLToPath(
    new URL(language === "js" ? "js_worker.ts" : "python_worker.py", import.meta.url),
  );
  return language === "js"
    ? [node!.command, ...node!.args, worker, name]
    : [path.join(packages, "bin/python"), worker, name];
}

/** Has a worker do a task; resolves to what it printed. */
function work(command: readonly string[], args: readonly (string | number)[]): Promise<Answer> {
  const [program = "", ...first] = command;
  const child = spawn(program, [...first, ...args.map(String)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "", errors = "";
  child.stdout.setEncoding("utf8").on("data", (text) => out += text);
  child.stderr.setEncoding("utf8").on("data", (text) => errors += text);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) return resolve(JSON.parse(out));
      const last = errors.trim().split("\n").findLast((line) => /error/i.test(line));
      reject(new Error(last ?? `it ended with ${code}`));
    });
  });
}

interface Answer {
  readonly [name: string]: number;
}

async function measure(name: string, contender: Contender, installed: Installed): Promise<Result> {
  if ("missing" in installed) return { contender, skipped: installed.missing, sizes: [] };
  const packages = installed.folder;
  const command = commandOf(name, contender, packages);
  const folder = fs.mkdtempSync(path.join(temporary, "store-"));
  const result: Result = { contender, versions: installed.versions, sizes: [] };
  const sizes = options.rows.map(Number);
  if (contender.isOurs) {
    for (let size = Math.max(...sizes) * 10; size <= Number(options.most); size *= 10) {
      sizes.push(size);
    }
  }
  try {
    let filled = 0;
    for (const rows of sizes) {
      const fill = await work(command, ["fill", folder, rows, limit, packages, filled]);
      if (fill["filled"]! < rows) {
        result.stopped = `${rows.toLocaleString("en")} rows are not recorded within ${limit} s`;
        break;
      }
      filled = rows;
      // Before the samples: these record more.
      const resume = await work(command, ["resume", folder, rows, limit, packages]);
      const look = await work(command, ["look", folder, rows, SAMPLE_SECONDS, packages]);
      result.sizes.push({
        rows,
        look: look["look"]!,
        record: look["record"]!,
        resume: resume["seconds"]! * 1e6,
        isStopped: resume["called"]! < rows,
        memory: resume["memory"]!,
      });
      console.error(`  ${rows} rows`);
    }
    const shared = fs.mkdtempSync(path.join(temporary, "grid-"));
    await work(command, ["fill", shared, 0, limit, packages, 0]); // its database and folders
    const start = performance.now();
    const all = Array.from(
      { length: PROCESSES },
      () => work(command, ["grid", shared, GRID, 0, packages]),
    );
    const ended = await Promise.allSettled(all);
    const seconds = (performance.now() - start) / 1000;
    const runs = fs.readFileSync(path.join(shared, "ran.log"), "utf8").split("\n").length - 1;
    const failed = ended.filter(({ status }) => status === "rejected").length;
    result.grid = { runs, seconds, failed };
  } catch (error) {
    result.stopped = (error as Error).message;
  }
  fs.rmSync(folder, { recursive: true });
  return result;
}

/** Times GNU parallel and `stet run` on commands that do nothing. */
function measurePrograms(): Programs {
  const parallel = installParallel(temporary);
  const time = (command: string, args: readonly string[], cwd: string): number => {
    const start = performance.now();
    const { status, stderr } = spawnSync(command, args, { cwd, encoding: "utf8" });
    if (status !== 0) throw new Error(`Cannot compare: ${command} ended with ${status}: ${stderr}`);
    return (performance.now() - start) * 1000;
  };
  const twice = (command: string, args: readonly string[]): readonly [number, number] => {
    const cwd = fs.mkdtempSync(path.join(temporary, "run-"));
    return [time(command, args, cwd), time(command, args, cwd)];
  };
  const seeds = Array.from({ length: COMMANDS }, (_, i) => `${i}`);
  const cli = path.join(root, "cli.ts");
  const stetArgs = ["run", "-g", `seed=0..${COMMANDS - 1}`, "-j", "2", "--", "true", "{seed}"];
  const stet = twice(node!.command, [...node!.args, cli, ...stetArgs]);
  if ("missing" in parallel) return { commands: COMMANDS, stet, skipped: parallel.missing };
  const parallelArgs = ["--joblog", "log", "--resume", "-j", "2", "true", "{}", ":::", ...seeds];
  const theirs = twice(parallel.folder, parallelArgs);
  return { commands: COMMANDS, stet, parallel: theirs, versions: parallel.versions };
}

const versionOf = (command: string): string =>
  spawnSync(command, ["--version"], { encoding: "utf8" }).stdout?.trim() ?? "";

/** Writes the page and its plots. Contenders without a result count as not reached. */
function write(results: readonly Result[], programs: Programs): void {
  const rest = options.only.map((name) => contenders[name]!)
    .filter((contender) => !results.some((result) => result.contender === contender))
    .map((contender) => ({ contender, skipped: "the command was stopped before", sizes: [] }));
  const { page, pictures } = performancePage({
    results: [...results, ...rest],
    programs,
    processes: PROCESSES,
    grid: GRID,
    limit,
    machine: `${os.cpus()[0]?.model.trim()}, ${os.cpus().length} processors, ` +
      `${Math.round(os.totalmem() / 2 ** 30)} GB of memory, ${os.type()}`,
    load: os.loadavg()[1]!,
    versions: `Node ${versionOf(node!.command)}, ${versionOf("python3")}`,
    command: ["deno task compare", ...process.argv.slice(2)].join(" "),
  });
  fs.mkdirSync(path.join(root, "docs/pictures"), { recursive: true });
  for (const [name, svg] of Object.entries(pictures)) {
    fs.writeFileSync(path.join(root, "docs/pictures", name), svg);
  }
  const file = path.join(root, "docs/performance.md");
  fs.writeFileSync(file, page);
  spawnSync(process.execPath, ["fmt", "--quiet", file]); // as the gate has it
}

const results: Result[] = [];
try {
  console.error("programs");
  const programs = measurePrograms();
  for (const name of options.only) {
    const contender = contenders[name];
    if (!contender) throw new Error(`Cannot compare: there is no contender "${name}"`);
    console.error(contender.name);
    const result = await measure(name, contender, install(name, contender, temporary));
    results.push(result);
    if (result.skipped ?? result.stopped) console.error(`  ${result.skipped ?? result.stopped}`);
    write(results, programs); // after each: an interrupt loses the others only
  }
} finally {
  fs.rmSync(temporary, { recursive: true, force: true });
}
