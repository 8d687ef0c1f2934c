/**
 * Checks the pages (README, docs, and other Markdown) without a network: each relative link, anchor and picture leads
 * somewhere, and each block of a known language can be parsed.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Paths of the pages, from the root of the repository. */
const pages = globSync(["*.md", "docs/**/*.md", "python/*.md", ".github/**/*.md"], { cwd: root })
  .map((path) => path.replaceAll("\\", "/")).sort();

function read(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

/** A fenced block of a page. */
interface Block {
  /** Page and line. */
  readonly place: string;
  readonly language: string;
  readonly text: string;
}

function blocksOf(page: string): readonly Block[] {
  const text = read(page);
  return [...text.matchAll(/^( *)```(\w+).*\n([^]*?)^\1```$/gm)].map((match) => {
    const [, indent = "", language = "", body = ""] = match;
    const line = text.slice(0, match.index).split("\n").length;
    return { place: `${page}:${line}`, language, text: body.replaceAll(`\n${indent}`, "\n") };
  });
}

/** Returns a page without its blocks and code. */
function proseOf(page: string): string {
  return read(page).replace(/^( *)```[^]*?^\1```$/gm, "").replace(/`[^`\n]*`/g, "code");
}

/** Returns the anchors that GitHub gives the headings of a page. */
function anchorsOf(page: string): ReadonlySet<string> {
  const prose = read(page).replace(/^( *)```[^]*?^\1```$/gm, "");
  const anchors = new Set<string>();
  for (const [, heading = ""] of prose.matchAll(/^#+ (.*)$/gm)) {
    const text = heading.replace(/\]\([^)]*\)/g, "").toLowerCase();
    const anchor = text.replace(/[^\p{L}\p{N}\p{M} _-]/gu, "").replaceAll(" ", "-");
    let unique = anchor;
    for (let n = 1; anchors.has(unique); n++) unique = `${anchor}-${n}`;
    anchors.add(unique);
  }
  return anchors;
}

/** Returns the targets of the links and pictures of a page. */
function linksOf(page: string): readonly string[] {
  const links = /\]\(([^)\s]+)(?: "[^"]*")?\)|^\[[^\]]+\]: (\S+)$|\b(?:src|href)="([^"]+)"/gm;
  return [...proseOf(page).matchAll(links)].map(([, inline, named, html]) =>
    inline ?? named ?? html ?? ""
  );
}

/** Returns the relative links and pictures of all pages that lead to no file, or to no heading of it. */
export function brokenLinks(): readonly string[] {
  const broken: string[] = [];
  for (const page of pages) {
    for (const link of linksOf(page)) {
      if (/^\w+:/.test(link)) continue;
      const [target = "", anchor] = link.split("#");
      const path = target === ""
        ? page
        : posix.join(posix.dirname(page), decodeURIComponent(target));
      const found = statSync(join(root, path), { throwIfNoEntry: false });
      const isThere = found !== undefined && found.size > 0 &&
        (anchor === undefined || anchorsOf(path).has(decodeURIComponent(anchor)));
      if (!isThere) broken.push(`${page}: ${link}`);
    }
  }
  return broken;
}

/** Returns the blocks that cannot be parsed, with the message of the parser. */
function brokenBlocks(): readonly string[] {
  const blocks = pages.flatMap(blocksOf);
  const broken: string[] = [];
  for (const { place, text } of blocks.filter(({ language }) => language === "json")) {
    try {
      JSON.parse(text);
    } catch (error) {
      broken.push(`${place}: ${error}`);
    }
  }
  const folder = mkdtempSync(join(tmpdir(), "stet-pages-"));
  try {
    const check = (languages: RegExp, command: string, ...args: string[]): void => {
      const chosen = blocks.filter(({ language }) => languages.test(language));
      const files = chosen.map(({ place, language, text }) => {
        const file = join(folder, `${place.replaceAll(/[/:]/g, "_")}.${language}`);
        writeFileSync(file, text);
        return file;
      });
      const { status, stderr, error } = spawnSync(command, [...args, ...files], {
        encoding: "utf8",
      });
      if (status !== 0) broken.push(error ? `${command}: ${error}` : stderr);
    };
    // A formatter parses without resolving an import.
    check(/^[jt]sx?$/, process.execPath, "fmt", "--no-config", "--quiet");
    check(/^sh$/, "bash", "-c", 'for file; do bash -n "$file" || exit; done', "bash");
  } finally {
    rmSync(folder, { recursive: true });
  }
  return broken;
}

if (import.meta.main) {
  const broken = [...brokenLinks(), ...brokenBlocks()];
  for (const line of broken) console.error(line);
  if (broken.length > 0) process.exit(1);
  console.log(`checked ${pages.length} pages`);
}
