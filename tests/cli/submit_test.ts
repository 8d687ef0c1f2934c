import assert from "node:assert/strict";
import fs from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { main } from "../../cli.ts";
import { splitWords } from "../../cli/runs/split_words.ts";
import { UsageError } from "../../cli/usage_error.ts";
import { type Cleaned, tempFolder } from "../temp_folder.ts";

/** Runs `stet submit` where no scheduler is. */
async function submit(
  t: Cleaned,
  ...args: string[]
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const { PATH } = process.env;
  process.env.PATH = tempFolder(t);
  const printed: Record<"out" | "err", string[]> = { out: [], err: [] };
  try {
    const code = await main(["submit", ...args], {
      log: (line) => printed.out.push(line),
      error: (line) => printed.err.push(line),
    });
    return { code, out: printed.out.join("\n"), err: printed.err.join("\n") };
  } finally {
    process.env.PATH = PATH;
  }
}

test("submit is an error where the scheduler is not, and warns of a store that is a file", async (t) => {
  const folder = tempFolder(t);
  const store = join(folder, "runs.csv");
  const sweep = ["--", "run", "-s", store, "-g", "seed=0..9", "--steal", "--", "true"];
  const { code, out, err } = await submit(t, "slurm", "-n", "4", "--wait", ...sweep);
  assert.deepEqual([code, out], [1, ""]);
  assert.match(err, /runs\.csv is a file, .*stet serve.*Postgres.*result notes/);
  assert.match(
    err,
    /Cannot submit to Slurm: Cannot run "scontrol": not found in PATH; run this .*login/,
  );
  assert.doesNotMatch(err, /Submitted/);
  assert.deepEqual(fs.readdirSync(folder), []);
});

test("submit checks the command line of the sweep before it asks a scheduler", async (t) => {
  const folder = tempFolder(t);
  const module = join(folder, "swept.mjs");
  fs.writeFileSync(module, "export const params = [];\n");
  const run = ["run", "-s", join(folder, "runs.csv")];
  for (
    const [args, message] of [
      [["slrm", "-n", "2", "--", ...run, "-g", "a=1", "--", "true"], /no launcher "slrm"/],
      [["slurm", "--", ...run, "-g", "a=1", "--", "true"], /say how many tasks: -n 100/],
      [["slurm", "-n", "0", "--", ...run, "-g", "a=1", "--", "true"], /-n must be .* from 1 up/],
      [["slurm", "-n", "2"], /expected a launcher \(slurm\) and the sweep after --/],
      [["slurm", "-n", "2", "--", "status"], /must be run or sweep, got "status"/],
      [["slurm", "-n", "2", "--", ...run, "--", "true"], /there is no grid/],
      [["slurm", "-n", "2", "--", ...run, "-g", "a=1", "--", "true", "{b}"], /Cannot fill \{b\}/],
      [
        ["slurm", "-n", "2", "--", ...run, "--job", "2", "-g", "a=1", "--", "true"],
        /no option --job/,
      ],
      [
        ["slurm", "-n", "2", "--", ...run, "--shard=0/2", "-g", "a=1", "--", "true"],
        /leave --shard/,
      ],
      [["slurm", "-n", "2", "--", ...run, "--help"], /see: stet run --help/],
      [["slurm", "-n", "2", "--", "run", "-s", ":memory:", "-g", "a=1", "--", "true"], /:memory:/],
      [["slurm", "-n", "2", "--", "sweep", `${module}#train`], /has no export "train"/],
      [
        ["slurm", "-n", "2", "--slurm", "-a 1-3", "--", ...run, "-g", "a=1", "--", "true"],
        /--array/,
      ],
    ] as const
  ) {
    const { code, out, err } = await submit(t, ...args);
    assert.deepEqual([code, out], [2, ""], args.join(" "));
    assert.match(err, message);
  }
  const csv = join(folder, "runs.txt");
  const { code } = await submit(
    t,
    "slurm",
    "-n",
    "2",
    "--",
    "run",
    "-s",
    csv,
    "-g",
    "a=1",
    "--",
    "true",
  );
  assert.equal(code, 3);
});

test("splitWords() splits as a shell does", () => {
  for (
    const [text, words] of [
      ["", []],
      ["  -p gpu\t--time=2:00:00 ", ["-p", "gpu", "--time=2:00:00"]],
      [`--comment='a "b"' "c d"'e'\\ f`, ['--comment=a "b"', "c de f"]],
      [`'' "\\"\\$x\\n"`, ["", '"$x\\n']],
    ] as const
  ) assert.deepEqual(splitWords(text, "--slurm"), words);
  for (const text of ["'a", 'a"', "a\\"]) {
    assert.throws(() => splitWords(text, "--slurm"), UsageError);
  }
});
