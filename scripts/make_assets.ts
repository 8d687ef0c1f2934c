/**
 * Writes `server/dashboard/assets.ts`: the files of the dashboard as strings in one module, since a
 * program that is installed from a registry cannot read files next to its modules. Run it after a change of them.
 *
 * @module
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { colorsCss } from "../figures/draw/colors.js";

const root = new URL("../", import.meta.url);

/** Comments that have lines of their own, and types within a line. */
const COMMENTS = /^[ \t]*(?:\/\*\*(?:(?!\*\/)[^])*\*\/|\/\/.*)\n|\/\*\* @(?:(?!\*\/).)*\*\/ ?/gm;

/** Returns a file as browsers need it: scripts without comments, which are half of them. */
function servedText(path: string): string {
  const text = readFileSync(new URL(path, root), "utf8").replaceAll("\r\n", "\n");
  return path.endsWith(".js") && !path.includes("/vendor/") ? text.replace(COMMENTS, "") : text;
}

/** The text of the module for the files as they are. */
export function assetsModule(): string {
  // Paths are those of the repository, so that imports are the same in the browser and on the disk.
  const paths = ["server/dashboard", "figures/draw"].flatMap((folder) =>
    readdirSync(new URL(folder, root), { recursive: true, encoding: "utf8" })
      .map((name) => `${folder}/${name.replaceAll("\\", "/")}`)
  ).filter((path) => /\.(?:html|css|js|svg)$/.test(path)).sort();
  const texts = paths.map((path) => [path, servedText(path)] as const);
  const entries = [...texts, ["server/dashboard/colors.css", colorsCss()] as const]
    .map(([path, text]) => {
      const served = `/${path.replace(/^server\//, "")}`;
      return `  ${JSON.stringify(served)}: ${JSON.stringify(text)},\n`;
    });
  return `// Made by scripts/make_assets.ts of the files next to it and of figures/draw: change those.\n\n` +
    `/** The files of the dashboard, by path. */\n` +
    `export const assets: Readonly<Record<string, string>> = {\n${entries.join("")}};\n`;
}

if (import.meta.main) {
  writeFileSync(new URL("server/dashboard/assets.ts", root), assetsModule());
  process.stdout.write("wrote server/dashboard/assets.ts\n");
}
