/**
 * Follows README, the tutorial and the how-tos as a reader would: each page in an empty folder, block by block.
 *
 * A block with a file name after its language is that file. A block of `sh` is run, unless `ignore:` and a reason
 * follow: something that a test has not, such as a cluster. Others show output.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { delimiter, dirname, join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { withDuckDb } from "../query_package.ts";
import { runtimes } from "../runtimes.ts";
import { tempFolder } from "../temp_folder.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const pages = [
  "README.md",
  "docs/tutorial.md",
  ...readdirSync(join(root, "docs/howto")).sort().map((name) => `docs/howto/${name}`),
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

/** Makes a folder with programs: `stet`, `python`, and the runtimes. */
function makePrograms(folder: string): void {
  const write = (name: string, line: string): void => {
    writeFileSync(join(folder, name), `#!/bin/sh\n${line}\n`);
    chmodSync(join(folder, name), 0o755);
  };
  mkdirSync(folder);
  for (const { name, command } of runtimes) write(name, `exec '${command}' "$@"`);
  write(
    "stet",
    `exec '${process.execPath}' --disable-warning=ExperimentalWarning '${root}cli.ts' "$@"`,
  );
  write("python", 'exec python3 "$@"');
}

const hasPython = spawnSync("python3", ["--version"]).status === 0;

for (const page of pages) {
  const blocks = blocksOf(page);
  const needsPython = blocks.some(({ language }) => language === "py");
  const needsDuckDb = blocks.some(({ text }) => /^stet query/m.test(text));
  const skip = needsPython && !hasPython && "python3 is not installed" ||
    needsDuckDb && withDuckDb.skip;
  test(`every block of ${page} runs`, { skip }, (t) => {
    const folder = tempFolder(t);
    const programs = join(folder, "programs"), place = join(folder, "place");
    makePrograms(programs);
    mkdirSync(join(place, "node_modules/@stet"), { recursive: true });
    symlinkSync(root, join(place, "node_modules/@stet/stet"), "dir");
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
