import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { absolutePage } from "../../scripts/absolute_page.ts";

const root = new URL("../../", import.meta.url);
const { repository, version } = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));
const base = repository.url.replace(/^git\+|\.git$/g, "");

test("a page of a package links to the files of the repository at the tag of its version", () => {
  const page = absolutePage("README.md");
  const links = [...page.matchAll(/(!?)\[[^\]]*\]\(([^)]+)\)/g)];
  assert(links.length > 20);
  for (const [shown, mark, link = ""] of links) {
    const prefix = `${base}/${mark === "!" ? "raw" : "blob"}/v${version}/`;
    assert(link.startsWith(prefix), shown);
    assert(existsSync(new URL(link.slice(prefix.length).replace(/#.*/, ""), root)), shown);
  }
});

test("a page of a package differs from that of the repository only in its links", () => {
  const shorter = (text: string): string => text.replaceAll(/\]\([^)]*\)/g, "]()");
  const page = readFileSync(new URL("README.md", root), "utf8");
  assert.equal(shorter(absolutePage("README.md")), shorter(page));
});
