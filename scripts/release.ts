/**
 * Builds a release into `dist`: the npm package as a tarball, the sources for JSR, which are checked, and programs for
 * the targets given (default: this machine's; see scripts/build_binary.ts). Publishes nothing: it prints the commands
 * that do.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { buildBinaries, ownTarget } from "./build_binary.ts";
import { buildJsr } from "./build_jsr.ts";
import { buildNpm } from "./build_npm.ts";
import { root } from "./compile.ts";
import { agreedVersion } from "./agreed_version.ts";

const dist = join(root, "dist");

function run(words: readonly [string, ...string[]], cwd: string): void {
  const [command, ...args] = words;
  const { status, error } = spawnSync(command, args, { cwd, stdio: "inherit" });
  if (status !== 0) throw new Error(`Cannot release: ${words.join(" ")} failed`, { cause: error });
}

const version = agreedVersion();
if (!readFileSync(join(root, "CHANGELOG.md"), "utf8").includes(`\n## ${version}\n`)) {
  throw new Error(`Cannot release ${version}: CHANGELOG.md has no heading for it`);
}

const npm = join(dist, "npm");
await buildNpm(npm);
mkdirSync(dist, { recursive: true });
run(["npm", "pack", "--silent", "--pack-destination", dist], npm);
const jsr = join(dist, "jsr");
buildJsr(jsr);
const deno = process.env["STET_DENO"] || process.execPath;
run([deno, "publish", "--dry-run", "--allow-dirty", "--quiet"], jsr);
const targets = process.argv.length > 2 ? process.argv.slice(2) : [ownTarget];
const built = [
  join(dist, `stet-stet-${version}.tgz`),
  ...await buildBinaries(targets, dist),
];

console.log(`\nBuilt ${version}:`);
for (const path of built) console.log(`  ${path}  ${Math.round(statSync(path).size / 1000)} kB`);
console.log(`To publish it:
  npm publish ${built[0]} --access public
  cd ${jsr} && deno publish
  and attach the programs to the release of the tag v${version}`);
