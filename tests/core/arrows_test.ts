import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path/posix";
import { test } from "node:test";

/**
 * The rooms of the house, and which of them each may import. Arrows go one way. A room is a folder, with
 * the folders in it unless they are rooms of their own, or one file.
 */
const arrows: Record<string, readonly string[]> = {
  "cli.ts": ["cli", "mod.ts"],
  // A program of its own, with the whole library in it.
  "binary.ts": ["cli", "cli.ts", "server.ts", "server", "mod.ts", "backends", "executors", "core"],
  // Its command line is that of `stet serve`.
  "server.ts": ["server", "mod.ts", "cli.ts"],
  // The tables name every kind of store and launcher, and load none: commands that run nothing start without mod.ts.
  // stet doctor looks for the optional packages, and at the disk.
  cli: [
    "cli",
    "server",
    "mod.ts",
    "core",
    "query",
    "duckdb",
    "packages",
    "backends/table.ts",
    "backends/files/network_folder.ts",
    "executors/launchers",
    "figures",
  ],
  // The data of figures. Its contract, figures/view.ts, is a file of its own.
  "figures/data": ["figures/data", "figures/view.ts", "core"],
  "figures/view.ts": [],
  // Pure functions that browsers run too.
  "figures/draw": ["figures/draw", "figures/view.ts"],
  "figures/terminal": ["figures/terminal", "figures/draw", "figures/view.ts", "core/display"],
  "figures/report": [
    "figures/report",
    "figures/terminal",
    "figures/draw",
    "figures/data",
    "figures/view.ts",
    "core",
  ],
  // Arrow and the texts of SQL's results are written by what the command line writes them with.
  server: ["server", "mod.ts", "core", "query", "packages", "figures"],
  "mod.ts": ["library.ts", "core", "backends", "executors", "query", "figures/report"],
  "library.ts": ["core", "backends", "executors", "query", "figures/report"],
  "backends/table.ts": ["backends", "core/contract"],
  backends: ["backends", "duckdb", "packages", "core"],
  executors: ["executors", "core"],
  // Its queue is in a database.
  "executors/cluster": ["executors", "backends/postgres", "packages", "core"],
  query: ["query", "duckdb", "packages", "core"],
  duckdb: ["duckdb", "packages", "core"],
  packages: ["packages", "core"],
  conformance: ["conformance", "core"],
  // Inside core upwards: each of its rooms imports itself and those above it in this list.
  ...Object.fromEntries(
    [
      "core/errors.ts",
      "core/runtime",
      "core/values",
      "core/options",
      "core/keys",
      "core/contract",
      "core/display",
      "core/runs",
      "core/sweeps",
      "core/grids",
      "core/records",
      "core/tools",
    ].map((room, i, all) => [room, all.slice(0, i + 1)]),
  ),
};

/** The room of a file: the longest name that it begins with. */
function roomOf(file: string): string {
  const rooms = Object.keys(arrows).filter((room) => isIn(file, room));
  return rooms.reduce((longest, room) => room.length > longest.length ? room : longest, "");
}

function isIn(file: string, room: string): boolean {
  return file === room || file.startsWith(`${room}/`);
}

interface Import {
  readonly specifier: string;
  /** "dynamic" loads when it is reached, "type" never. */
  readonly kind: "static" | "dynamic" | "type";
}

/**
 * The imports that the text of a formatted module names. `deno fmt` puts every static one at the
 * start of a line, where no line of a comment begins with `import`. Computed dynamic imports (of the
 * user's modules) are not seen.
 */
function importsOf(text: string): Import[] {
  const imports: Import[] = [];
  const statics =
    /^(?:import|export)\b(?!\s*\()(\s+type\b(?!\s+from\b))?(?:[^;"'`()=]*?\bfrom)?\s*["']([^"']+)["']/gm;
  for (const [, type, specifier = ""] of text.matchAll(statics)) {
    imports.push({ specifier, kind: type === undefined ? "static" : "type" });
  }
  const dynamics = /^(?!\s*(?:\*|\/[/*])).*?(\btypeof\s+)?\bimport\(\s*["'`]([^"'`]+)["'`]/gm;
  for (const [, type, specifier = ""] of text.matchAll(dynamics)) {
    imports.push({ specifier, kind: type === undefined ? "dynamic" : "type" });
  }
  return imports;
}

/** Where a relative specifier leads: a path from the repository's root. */
function target(file: string, specifier: string): string {
  return normalize(join(dirname(file), specifier));
}

/** What is wrong with the imports of one file; empty if they follow the arrows. */
function violations(file: string, text: string, packages: readonly string[]): string[] {
  const room = roomOf(file);
  const may = arrows[room] ?? [];
  const wrong: string[] = [];
  for (const { specifier, kind } of importsOf(text)) {
    if (specifier.startsWith("node:")) continue;
    if (specifier.startsWith(".")) {
      const to = target(file, specifier);
      if (!may.some((other) => isIn(to, other))) {
        wrong.push(`${file} imports ${to}: ${room} may import only ${may.join(", ")}`);
      } else if (
        /^(?:mod|library)\.ts$/.test(room) && /^backends\/(?!table\.ts)/.test(to) &&
        kind === "static"
      ) {
        wrong.push(`${file} imports ${to} at once: a format loads by import() when it is used`);
      }
    } else {
      const name = specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
      const allowed = room.startsWith("core/")
        ? ["acorn"]
        : /^(?:mod|library)\.ts$/.test(room)
        ? []
        : packages;
      if (!allowed.includes(name)) {
        wrong.push(`${file} imports the package ${name}: ${room} may import ${list(allowed)}`);
      }
    }
  }
  return wrong;
}

function list(names: readonly string[]): string {
  return names.length === 0 ? "no package" : `only ${names.join(", ")}`;
}

const root = new URL("../../", import.meta.url);

/** Every module of the rooms that exist, as a path from the repository's root with its text. */
function modules(): Map<string, string> {
  const found = new Map<string, string>();
  for (const room of Object.keys(arrows)) {
    if (!existsSync(new URL(room, root))) continue;
    const paths = room.endsWith(".ts")
      ? [room]
      : readdirSync(new URL(room, root), { recursive: true, encoding: "utf8" })
        .map((path) => `${room}/${path.replaceAll("\\", "/")}`)
        .filter((path) => /\.ts$/.test(path) || room === "figures/draw" && path.endsWith(".js"));
    for (const path of paths) found.set(path, readFileSync(new URL(path, root), "utf8"));
  }
  return found;
}

/** The dependencies of package.json, without those of the tests. */
function packages(): string[] {
  const { dependencies } = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));
  return Object.keys(dependencies);
}

test("every import follows the arrows", () => {
  const wrong = [...modules()].flatMap(([file, text]) => violations(file, text, packages()));
  assert.deepEqual(wrong, []);
});

test("no import leads back to the file it begins in", () => {
  const all = modules();
  const circles: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    const at = path.indexOf(file);
    if (at >= 0) circles.push([...path.slice(at), file].join(" -> "));
    if (at >= 0 || done.has(file)) return;
    for (const { specifier } of importsOf(all.get(file) ?? "")) {
      if (specifier.startsWith(".")) visit(target(file, specifier), [...path, file]);
    }
    done.add(file);
  };
  for (const file of all.keys()) visit(file, []);
  assert.deepEqual(circles, []);
});

test("inside server, arrows go from routes to figures", () => {
  const upper = { "server/figures": ["routes"] };
  const wrong = [...modules()].flatMap(([file, text]) =>
    Object.entries(upper).flatMap(([room, others]) =>
      importsOf(text).map(({ specifier }) => `${file} -> ${target(file, specifier)}`).filter((it) =>
        isIn(file, room) && others.some((other) => it.includes(` -> server/${other}/`))
      )
    )
  );
  assert.deepEqual(wrong, []);
});

test("a folder has at most 22 files", () => {
  const sizes = new Map<string, number>();
  for (const file of modules().keys()) {
    sizes.set(dirname(file), (sizes.get(dirname(file)) ?? 0) + 1);
  }
  assert.deepEqual([...sizes].filter(([, size]) => size > 22), []);
});

/** Returns the modules that some load with their imports, and the packages among these. */
function loadedBy(...files: string[]): { readonly loaded: string[]; readonly packages: string[] } {
  const all = modules();
  const loaded = new Set(files);
  const packages = new Set<string>();
  for (const file of loaded) {
    for (const { specifier, kind } of importsOf(all.get(file) ?? "")) {
      if (kind !== "static" || specifier.startsWith("node:")) continue;
      if (specifier.startsWith(".")) loaded.add(target(file, specifier));
      else packages.add(specifier);
    }
  }
  assert.ok(loaded.size > files.length, "they import something");
  return { loaded: [...loaded], packages: [...packages] };
}

test("importing mod.ts loads no backend and no package but acorn", () => {
  const { loaded, packages } = loadedBy("mod.ts");
  const backends = loaded.filter((file) => file.startsWith("backends/"));
  assert.deepEqual(backends, ["backends/table.ts"]);
  assert.deepEqual(packages, ["acorn"]);
});

test("looking at a store of text by the command line loads no package", () => {
  for (const command of ["status", "ls", "failures"]) {
    const file = `cli/commands/${command}.ts`;
    assert.deepEqual(loadedBy("cli.ts", file, "backends/text/csv.ts").packages, [], command);
  }
});

test("an import against the arrows is reported", () => {
  const reported = (file: string, text: string): number => violations(file, text, ["pg"]).length;
  for (
    const [file, text] of [
      ["core/runs/once.ts", 'import { Csv } from "../../backends/text/csv.ts";'],
      ["core/runs/once.ts", 'import type { Csv } from "../../backends/text/csv.ts";'],
      ["core/runs/once.ts", 'import {\n  type Csv,\n  open,\n} from "../../backends/text/csv.ts";'],
      ["core/runs/once.ts", 'import "../../backends/text/csv.ts";'],
      ["core/runs/once.ts", 'export * from "../../mod.ts";'],
      ["core/runs/once.ts", 'const csv = await import("../../backends/text/csv.ts");'],
      ["core/runs/once.ts", 'type Csv = import("../../backends/text/csv.ts").Csv;'],
      ["core/runs/once.ts", 'import pg from "pg";'],
      ["core/keys/b.ts", 'import { c } from "../runs/c.ts";'],
      ["mod.ts", 'export { Csv } from "./backends/csv.ts";'],
      ["mod.ts", 'export { serve } from "./server/serve.ts";'],
      ["backends/text/csv.ts", 'import { once } from "../../mod.ts";'],
      ["backends/text/csv.ts", 'import { parse } from "csv-parse/sync";'],
      ["query/query.ts", 'import { main } from "../cli/main.ts";'],
      ["server/serve.ts", 'import { main } from "../cli/main.ts";'],
    ] as const
  ) assert.equal(reported(file, text), 1, `${file}: ${text}`);
});

test("an import along the arrows is not reported", () => {
  for (
    const [file, text] of [
      ["core/runs/once.ts", 'import { join } from "node:path";\nimport { parse } from "acorn";'],
      ["core/runs/b.ts", 'import { c } from "../keys/c.ts";'],
      ["core/runs/once.ts", ' * import { once } from "@stet/stet";'],
      ["core/runs/once.ts", ' * await import("./backends/csv.ts")'],
      ["core/runs/once.ts", 'export const text = `\n  import "../mod.ts"`;'],
      ["mod.ts", 'const table = { ".csv": () => import("./backends/csv.ts") };'],
      ["mod.ts", 'export type { Csv } from "./backends/csv.ts";'],
      ["mod.ts", 'export { once } from "./core/once.ts";'],
      ["backends/sql.ts", 'import { Pool } from "pg";\nimport { x } from "../core/x.ts";'],
      ["cli.ts", 'import { main } from "./cli/main.ts";'],
      ["cli/commands/serve.ts", 'await import("../server/serve.ts");'],
    ] as const
  ) assert.deepEqual(violations(file, text, ["pg"]), []);
});

/** Returns the box of a room in the drawing. Arrows to core are not drawn, and those inside it are a chain. */
function boxOf(room: string): string {
  const [folder = room] = room.split("/");
  return room === "library.ts" ? "mod.ts" : room.startsWith("core/") ? room : folder;
}

test("docs/architecture.md draws these arrows", () => {
  const page = readFileSync(new URL("docs/architecture.md", root), "utf8");
  const drawing = /```mermaid\n([^]*?)```/.exec(page)?.[1] ?? "";
  const labels = new Map(
    [...drawing.matchAll(/(\w+)\["([^"]+)"\]/g)].map(([, id, it]) => [id, it!]),
  );
  const boxes = (text: string): string[] => text.split("&").map((it) => it.trim().split("[")[0]!);
  const drawn: string[] = [];
  for (const line of drawing.split("\n").filter((it) => it.includes("-->"))) {
    const groups = line.split("-->").map(boxes);
    groups.slice(1).forEach((to, i) =>
      drawn.push(
        ...groups[i]!.flatMap((a) =>
          to.map((b) => `${labels.get(a) ?? a} -> ${labels.get(b) ?? b}`)
        ),
      )
    );
  }
  const rooms = Object.keys(arrows).filter((room) => room.startsWith("core/"));
  const wanted = new Set(
    rooms.slice(1).map((room, i) => `${room} -> ${rooms[i]}`.replace(/core\/|\.ts/g, "")),
  );
  for (const [room, may] of Object.entries(arrows)) {
    for (const other of may) {
      const [from, to] = [boxOf(room), boxOf(other)];
      if (from !== to && !to.startsWith("core")) wanted.add(`${from} -> ${to}`);
    }
  }
  assert.deepEqual(drawn.sort(), [...wanted].sort());
});
