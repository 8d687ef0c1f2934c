// deno-lint-ignore-file no-control-regex -- escape sequences of the terminal
import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify, stripVTControlCharacters } from "node:util";
import { displayWidth } from "../../core/display/display_width.ts";
import { samples, writeSample } from "../figures/samples.ts";
import { runtimes } from "../runtimes.ts";
import { tempFolder } from "../temp_folder.ts";
import { cli } from "../workers/cli_process.ts";

const script = fileURLToPath(new URL("../workers/terminal.py", import.meta.url));
const hasTerminals = spawnSync("python3", ["-c", "import pty, termios"]).status === 0;
const skip = hasTerminals ? false : "python3, which makes the terminal, is not there or has no pty";

for (const { name, command, args } of runtimes) {
  test(`a map has the width and the colours of the terminal, and none in a pipe (${name})`, {
    skip,
  }, async (t) => {
    const store = await writeSample(tempFolder(t), samples["train"]!());
    const line = [command, ...args, cli, "plot", store, "loss", "lr", "batch"];
    const run = async (file: string, words: readonly string[], more: object): Promise<string> => {
      const { NO_COLOR: _, COLORTERM: _other, ...rest } = process.env;
      const env = { ...rest, TERM: "xterm-256color", ...more };
      return (await promisify(execFile)(file, words, { env })).stdout;
    };
    const wide = await run("python3", [script, "120", ...line], { COLORTERM: "truecolor" });
    assert.match(wide, /\x1b\[38;2;\d+;\d+;\d+;48;2;\d+;\d+;\d+m *\[0\.\d{3}\]\x1b\[0m/);
    const plain = await run("python3", [script, "60", ...line], {
      COLORTERM: "truecolor",
      NO_COLOR: "1",
    });
    assert.doesNotMatch(plain, /\x1b/);
    const shaded = await run("python3", [script, "60", ...line], {});
    assert.doesNotMatch(shaded, /\x1b\[[34]8;/);
    assert.match(shaded, /█/);
    for (const [text, width] of [[wide, 120], [plain, 60], [shaded, 60]] as const) {
      const map = stripVTControlCharacters(text).split(/\r?\n/).filter((it) => /^ *\d+ /.test(it));
      assert(map.length >= 10, text);
      assert(map.every((it) => displayWidth(it) <= width), text);
    }
    assert.doesNotMatch(await run(line[0]!, line.slice(1), { COLORTERM: "truecolor" }), /\x1b/);
  });
}
