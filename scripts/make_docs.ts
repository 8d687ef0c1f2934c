/**
 * Writes docs/reference/cli.md, and the pages of docs/ with the reference of the library as a site into `dist/docs`:
 * plain files with a search, which a browser opens from the disk.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { cliPage } from "./cli_page.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
/** Copies of the pages, with the title and the category that the site shows. */
const copies = join(root, "dist/pages");

/** Returns the category of a page: the kind of need that it serves. */
function categoryOf(page: string): string {
  if (page === "docs/tutorial.md") return "Tutorial";
  const isHowTo = page.startsWith("docs/howto/") ||
    /^docs\/(?:backends|clusters|daily|dashboard|install|postgres)\.md$/.test(page);
  if (isHowTo) return "How-to";
  const isReference = page.startsWith("docs/reference/") ||
    /^docs\/(?:formats|http|troubleshooting)\.md$/.test(page);
  return isReference ? "Reference" : "Explanation";
}

writeFileSync(join(root, "docs/reference/cli.md"), await cliPage());
for (const page of ["README.md", ...globSync("docs/**/*.md", { cwd: root })]) {
  const text = readFileSync(join(root, page), "utf8");
  const title = JSON.stringify(/^# (.*)$/m.exec(text)?.[1]?.replaceAll("`", "") ?? page);
  const head = `---\ntitle: ${title}\ncategory: ${categoryOf(page)}\n---\n\n`;
  mkdirSync(dirname(join(copies, page)), { recursive: true });
  // Only documents have a head: README is the first page of the site.
  writeFileSync(join(copies, page), page === "README.md" ? text : head + text);
}
for (const picture of globSync("docs/pictures/*", { cwd: root })) {
  mkdirSync(join(copies, "docs/pictures"), { recursive: true });
  writeFileSync(join(copies, picture), readFileSync(join(root, picture)));
}

// npx: the tests do not need typedoc, and it brings the TypeScript that it reads the sources with.
const { status } = spawnSync(
  "npx",
  [
    ...["-y", "-p", "typedoc@0.28.20", "-p", "typescript@5.9.3"],
    ...["typedoc", "--options", "scripts/typedoc.json"],
  ],
  { cwd: root, stdio: "inherit" },
);
process.exit(status ?? 1);
