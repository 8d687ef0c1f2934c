/**
 * Writes `server/dashboard/assets.ts`: the files of the dashboard as strings in one module, since a
 * program that is installed from a registry cannot read files beside its modules. Run it after a change of them.
 *
 * @module
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import process from "node:process";

const folder = new URL("../server/dashboard/", import.meta.url);

/** The text of the module for the files as they are. */
export function assetsModule(): string {
  const names = readdirSync(folder).filter((name) => /\.(?:html|css|js|svg)$/.test(name)).sort();
  const entries = names.map((name) => {
    const text = readFileSync(new URL(name, folder), "utf8").replaceAll("\r\n", "\n");
    return `  ${JSON.stringify(name)}: ${JSON.stringify(text)},\n`;
  });
  return `// Made by scripts/make_assets.ts of the files beside it: change those.\n\n` +
    `/** The files of the dashboard, by name. */\n` +
    `export const assets: Readonly<Record<string, string>> = {\n${entries.join("")}};\n`;
}

if (import.meta.main) {
  writeFileSync(new URL("assets.ts", folder), assetsModule());
  process.stdout.write("wrote server/dashboard/assets.ts\n");
}
