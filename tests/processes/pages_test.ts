/**
 * Follows README, the tutorial and the how-tos as a reader would: each page in an empty folder that has the built
 * package, block by block. README and the tutorial are followed on each runtime, under the name `node`.
 *
 * A block with a file name after its language is that file. A block of `sh` is run, unless `ignore:` and a reason
 * follow: something that a test has not, such as a cluster. Others show output.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { delimiter, dirname, join } from "node:path";
import process from "node:process";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { buildNpm } from "../../scripts/build_npm.ts";
import { withDuckDb } from "../query_package.ts";
import { type Runtime, runtimes } from "../runtimes.ts";
import { tempFolder } from "../temp_folder.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
/** Inside the repository, where its dependencies are found. */
mkdirSync(join(root, "dist"), { recursive: true });
const built = mkdtempSync(join(root, "dist/package-"));
before(() => buildNpm(built));
after(() => rmSync(built, { recursive: true }));

const node = runtimes.find(({ name }) => name === "node")!;
const howtos = readdirSync(join(root, "docs/howto")).sort().map((name) => `docs/howto/${name}`);
const pages: readonly (readonly [page: string, runtime: Runtime])[] = [
  ...runtimes.flatMap((runtime) =>
    ["README.md", "docs/tutorial.md"].map((page) => [page, runtime] as const)
  ),
  ...howtos.map((page) => [page, node] as const),
];

/** A fenced block of a page. */
interface Block {
  readonly language: string;
  /** The words after the language. */
  readonly info: string;
  readonly text: string;
}

function blocksOf(page: string): readonly Block[] {
  const text = readFileSync(join(root, page), "utf8");
  return [...text.matchAll(/^```(\w*) ?(.*)\n([^]*?)^```$/gm)]
    .map(([, language = "", info = "", text = ""]) => ({ language, info, text }));
}

/** Makes a folder with programs: `stet`, `python`, and a runtime as `node`. */
function makePrograms(folder: string, { name, command, args }: Runtime): void {
  const write = (name: string, line: string): void => {
    writeFileSync(join(folder, name), `#!/bin/sh\n${line}\n`);
    chmodSync(join(folder, name), 0o755);
  };
  mkdirSync(folder);
  // The package is found in the folder, not by the repository's configuration.
  const words = name === "deno" ? "run -A --quiet" : args.join(" ");
  write("node", `exec '${command}' ${words} "$@"`);
  write("stet", `exec '${command}' ${words} '${join(built, "cli.js")}' "$@"`);
  write("python", 'exec python3 "$@"');
}

const hasPython = spawnSync("python3", ["--version"]).status === 0;

for (const [page, runtime] of pages) {
  const blocks = blocksOf(page);
  const needsPython = blocks.some(({ language }) => language === "py");
  const needsDuckDb = blocks.some(({ text }) => /^stet query/m.test(text));
  const skip = needsPython && !hasPython && "python3 is not installed" ||
    needsDuckDb && withDuckDb.skip;
  test(`every block of ${page} runs on ${runtime.name}`, { skip }, (t) => {
    const folder = tempFolder(t);
    const programs = join(folder, "programs"), place = join(folder, "place");
    makePrograms(programs, runtime);
    mkdirSync(join(place, "node_modules/@stet"), { recursive: true });
    symlinkSync(built, join(place, "node_modules/@stet/stet"), "dir");
    writeFileSync(join(place, "package.json"), '{ "type": "module" }\n');
    const env = { ...process.env, PATH: programs + delimiter + process.env["PATH"] };
    for (const { language, info, text } of blocks) {
      if (info.startsWith("ignore")) {
        assert.match(info, /^ignore: \w/, `a block that is not run has a reason: ${text}`);
      } else if (info !== "") {
        mkdirSync(dirname(join(place, info)), { recursive: true });
        writeFileSync(join(place, info), text);
      } else if (language === "sh") {
        const { status, stdout, stderr } = spawnSync("bash", ["-euc", text], {
          cwd: place,
          env,
          encoding: "utf8",
          timeout: 120_000,
        });
        assert.equal(status, 0, `${text}\n${stdout}\n${stderr}`);
      }
    }
  });
}
