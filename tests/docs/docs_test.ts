import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { brokenLinks } from "../../scripts/check_pages.ts";
import { cliPage } from "../../scripts/cli_page.ts";

const root = new URL("../../", import.meta.url);
const folders = readdirSync(root, { withFileTypes: true })
  .filter((entry) =>
    entry.isDirectory() && !/^\.|^(?:dist|node_modules|tests|bench|docs)$/.test(entry.name)
  )
  .map(({ name }) => name);

/** The text of a file, by its path from the repository's root. */
function read(path: string): string {
  return readFileSync(new URL(path, root), "utf8");
}

/** The pages, by their paths, without fenced blocks. */
const pages = new Map(
  [
    "README.md",
    ...readdirSync(new URL("docs", root), { recursive: true, encoding: "utf8" }).map((name) =>
      `docs/${name}`
    ),
  ]
    .filter((path) => path.endsWith(".md"))
    .map((path) => [path, read(path).replace(/^```.*?^```$/gms, "")]),
);

/**
 * Returns the sources of the program, each on one line, with the pieces of a message joined: once with
 * the first and once with the second text where a message has one of two.
 */
function sources(): string[] {
  const files = folders.flatMap((folder) =>
    readdirSync(new URL(folder, root), { recursive: true, encoding: "utf8" })
      .map((path) => `${folder}/${path.replaceAll("\\", "/")}`)
  ).concat(readdirSync(root, "utf8")).filter((path) => /\.(?:ts|js)$/.test(path));
  const choice = /\$\{ ?[^{}?]+ \? "([^"]*)" : "([^"]*)" ?\}/g;
  return files.flatMap((path) => {
    const text = read(path).replace(/\\(["`])/g, "$1").replace(/\s+/g, " ");
    return ["$1", "$2"].map((chosen) =>
      text.replace(choice, chosen).replace(/["'`] \+ ["'`]/g, "")
    );
  });
}

test("docs/reference/cli.md is made from the declared options: deno task docs writes it", async () => {
  assert.equal(read("docs/reference/cli.md"), await cliPage());
});

test("every relative link and picture of a page leads to a file, and to a heading of it", () => {
  assert.deepEqual(brokenLinks(), []);
});

test("every name that a block imports from the package is exported", async () => {
  const modules: Record<string, object> = {
    "@stet/stet": await import("../../mod.ts"),
    "@stet/stet/backends": await import("../../backends/mod.ts"),
    "@stet/stet/conformance": await import("../../conformance/mod.ts"),
  };
  const missing: string[] = [];
  for (const page of pages.keys()) {
    const imports = read(page).matchAll(/^import \{([^}]+)\} from "(?:jsr:)?(@stet\/[^"]+)"/gm);
    for (const [, names = "", module = ""] of imports) {
      for (const name of names.split(",").map((it) => it.trim())) {
        const isThere = name === "" || name.startsWith("type ") || name in (modules[module] ?? {});
        if (!isThere) missing.push(`${page}: ${name} of ${module}`);
      }
    }
  }
  assert.deepEqual(missing, []);
});

test("every path of the repository that a page names is there", () => {
  const missing: string[] = [];
  for (const [page, text] of pages) {
    for (const [, path = ""] of text.matchAll(/`([\w.]+\/[\w./-]+)`/g)) {
      const isOurs = ["tests", "bench", "docs", ...folders].includes(path.split("/")[0]!);
      if (isOurs && !existsSync(new URL(path, root))) missing.push(`${page}: ${path}`);
    }
  }
  assert.deepEqual(missing, []);
});

test("every function and type that the pages about the code name is in it", () => {
  const code = sources().join("\n");
  const missing: string[] = [];
  for (const page of ["docs/architecture.md", "docs/backends.md", "docs/decisions.md"]) {
    const names = pages.get(page)!.matchAll(/`(?:\w+\.)*(\w+)\(.*?\)`|`([A-Z][a-z]+[A-Z]\w*)`/g);
    for (const [shown, called, type] of names) {
      const name = called ?? type;
      if (!new RegExp(`\\b${name}\\b`).test(code)) missing.push(`${page}: ${shown}`);
    }
  }
  assert.deepEqual(missing, []);
});

/**
 * Splits a message into clauses, at colons, semicolons and parentheses, and each at what stands for a
 * value: `…`, a text in quotes, a number, a call, the name of a format.
 */
function clauses(message: string): string[][] {
  const value = /"[^"]*"|\b\w+\([^)]*\)|\b(?:\d[\d.]*|N|CSV|JSON|Arrow|Parquet)\b|…/g;
  return message.replace(value, "…").split(/[:;] |[()]|\] /)
    .map((clause) => clause.split("…").map((piece) => piece.trim()).filter((it) => /\w\w/.test(it)))
    .filter((pieces) => pieces.length > 0);
}

test("every message that a heading of docs/troubleshooting.md quotes is in the source", () => {
  const files = sources();
  const messages = [...pages.get("docs/troubleshooting.md")!.matchAll(/^### (`.*`)$/gm)]
    .flatMap(([, heading = ""]) => heading.slice(1, -1).split("` / `"));
  assert.ok(messages.length > 60, "headings are read");
  const missing: string[] = [];
  for (const message of messages) {
    for (const pieces of clauses(message)) {
      const pattern = new RegExp(
        pieces.map((piece) => piece.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")).join(".{0,200}?"),
      );
      if (!files.some((file) => pattern.test(file))) {
        missing.push(`${message}\n  ${pieces.join(" … ")}`);
      }
    }
  }
  assert.deepEqual(missing, []);
});
