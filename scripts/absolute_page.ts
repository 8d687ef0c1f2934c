import { readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { root } from "./compile.ts";

/**
 * Returns a page for a registry, which shows it without the files around it: relative links lead to the files in the
 * repository at the tag of the version, and pictures are those files themselves.
 *
 * @param page Path from the root of the repository, such as `README.md`.
 */
export function absolutePage(page: string): string {
  const { repository, version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    readonly repository: { readonly url: string };
    readonly version: string;
  };
  const base = repository.url.replace(/^git\+/, "").replace(/\.git$/, "");
  const blocks = /(^ *```[^]*?^ *```$)/m;
  return readFileSync(join(root, page), "utf8").split(blocks).map((part, i) => {
    if (i % 2 === 1) return part; // a block
    return part.replace(/(!?)(\[[^\]]*\]\()([^)\s]+)/g, (link, mark, text, target) => {
      if (/^(?:\w+:|#)/.test(target)) return link;
      const path = posix.join(posix.dirname(page), target);
      return `${mark}${text}${base}/${mark === "!" ? "raw" : "blob"}/v${version}/${path}`;
    });
  }).join("");
}
