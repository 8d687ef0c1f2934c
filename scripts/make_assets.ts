/**
 * Writes `server/dashboard/assets.ts`: the files of the dashboard as strings in one module, since a
 * program that is installed from a registry cannot read files next to its modules. Run it after a change of them.
 *
 * @module
 */
import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { colorsCss } from "../figures/draw/colors.js";
import { compactCode } from "./compact_code.ts";
import { joinModules } from "./join_modules.ts";

const folder = new URL("../server/dashboard/", import.meta.url);

/** The text of the module for the files as they are. */
export function assetsModule(): string {
  const read = (name: string): string =>
    readFileSync(new URL(name, folder), "utf8").replaceAll("\r\n", "\n");
  const licence =
    "// With Preact (MIT) and htm (Apache 2.0): vendor/preact.LICENSE in the sources.\n";
  const files: Readonly<Record<string, string>> = {
    "colors.css": colorsCss(),
    "icon.svg": read("icon.svg"),
    "index.html": read("index.html"),
    "main.js": licence + compactCode(joinModules(new URL("main.js", folder))),
    "style.css": read("style.css"),
    "theme.js": read("theme.js"),
  };
  const entries = Object.entries(files).map(([name, text]) =>
    `  ${JSON.stringify(name)}: ${JSON.stringify(text)},\n`
  );
  return `// Made by scripts/make_assets.ts of the files next to it and of figures/draw: change those.\n\n` +
    `/** The files of the dashboard, by name. */\n` +
    `export const assets: Readonly<Record<string, string>> = {\n${entries.join("")}};\n`;
}

if (import.meta.main) {
  writeFileSync(new URL("assets.ts", folder), assetsModule());
  process.stdout.write("wrote server/dashboard/assets.ts\n");
}
