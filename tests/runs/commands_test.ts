import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Executor, Job } from "../../core/runs/executor.ts";
import type { Row } from "../../core/values/value.ts";
import { LastJson } from "../../executors/last_json.ts";
import { commands, type CommandsOptions } from "../../executors/mod.ts";
import { Tail } from "../../executors/tail.ts";
import { tempFolder } from "../temp_folder.ts";

const never = new AbortController().signal;

function jobOf(params: Row, signal: AbortSignal = never): Job {
  return { id: "0123456789abcdef", params, args: [params], call: () => {}, signal };
}

/** Runs a line of shell, whose `$0` and `$1` may be placeholders. */
function shell(line: string, options: CommandsOptions = {}, ...words: string[]): Executor {
  return commands(["/bin/sh", "-c", line.replaceAll(/[{}]/g, "$&$&"), ...words], options);
}

test("commands() puts params in as they are, and no shell sees them", async () => {
  const executor = commands(["/bin/echo", '["{text}"]']);
  assert.deepEqual(await executor.run(jobOf({ text: "$HOME; `ls` *" })), ["$HOME; `ls` *"]);
});

test("commands() gives programs their params in the environment", async () => {
  const line =
    `echo "[\\"$STET_PARAM_ALPHA\\", \\"$STET_PARAM_L_R\\", \\"$STET_ID\\", \\"$MINE\\"]"`;
  const executor = shell(line, { env: { MINE: "own" } });
  const given = await executor.run(jobOf({ alpha: 0.5, "l-r": true }));
  assert.deepEqual(given, ["0.5", "true", "0123456789abcdef", "own"]);
  assert.equal(await shell('echo "\\"$PATH\\""').run(jobOf({})), process.env.PATH);
});

test("commands() gives the last JSON value of standard output", async () => {
  for (
    const [line, value] of [
      [`echo '{"a": 1}'; echo '{"a": 2}'; echo done`, { a: 2 }],
      [`printf '{"loss": NaN}\\r\\n\\r\\n'`, { loss: NaN }],
      [`printf 42`, 42],
      [`echo '"text"'; echo '{"cut": '; echo '[1, 2'`, "text"],
      [`echo '{"a": 1}' >&2; echo nan; echo NaN; echo Infinity`, undefined],
      [`echo null`, null],
      [`:`, undefined],
    ] as const
  ) assert.deepEqual(await shell(line).run(jobOf({})), value, line);
});

test("the last JSON value is found however the output comes in pieces, and long lines are none", () => {
  const text = Buffer.from('{"a": "ä€"}\r\nx\n[1,\n2]\n' + `"${"x".repeat(99)}"\n` + "plain\n");
  for (const size of [1, 2, 3, 7, 1000]) {
    const last = new LastJson(50);
    for (let at = 0; at < text.length; at += size) last.add(text.subarray(at, at + size));
    assert.deepEqual(last.end(), [1, 2]);
  }
});

test("the last words of a program are few lines and whole characters", () => {
  const tail = new Tail(10, 2);
  for (const piece of ["one\ntwo\n", "äää\nä€\n"]) tail.add(Buffer.from(piece));
  assert.equal(tail.text(), "ä\nä€");
});

test("commands() rejects with exit code, last words and log when a program fails", async (t) => {
  const logs = join(tempFolder(t), "new", "logs");
  const executor = shell("for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo line $i >&2; done; exit 3", {
    logs,
  });
  await assert.rejects(executor.run(jobOf({})), (error: Error) => {
    assert.match(error.message, /^sh exited with code 3: line 12\nline 3\n/);
    assert.equal(error.stack, `Error: ${error.message}`);
    assert(error.message.endsWith(`line 12\nIts output: ${join(logs, "0123456789abcdef.log")}`));
    return true;
  });
  await assert.rejects(shell("kill -9 $$").run(jobOf({})), /^Error: sh was killed by SIGKILL$/);
});

test("commands() logs all output as it comes, and anew for each attempt", async (t) => {
  const logs = tempFolder(t);
  const line = "echo to out; sleep 0.05; echo to err >&2; sleep 0.05; echo $0";
  const executor = shell(line, { logs }, "{word}");
  for (const word of ["first", "2nd"]) {
    await executor.run(jobOf({ word }));
    const log = readFileSync(join(logs, "0123456789abcdef.log"), "utf8");
    assert.equal(log, `to out\nto err\n${word}\n`);
  }
});

test("commands() holds little of much output", async () => {
  const line =
    "i=0; while [ $i -lt 300 ]; do head -c 1000000 /dev/zero; i=$((i+1)); done; echo; echo 7";
  assert.equal(await shell(line).run(jobOf({})), 7);
});

test("commands() fails before anything runs if the program or folder is not there", (t) => {
  const folder = tempFolder(t);
  assert.throws(() => commands(["no-such-program"]).open?.(), {
    message: 'Cannot run "no-such-program": not found in PATH; check the spelling',
  });
  assert.throws(() => commands(["./here"], { cwd: folder }).open?.(), /Cannot run ".\/here"/);
  assert.throws(() => commands(["sh"], { cwd: join(folder, "no") }).open?.(), /no such folder/);
  writeFileSync(join(folder, "here"), "#!/bin/sh\n");
  if (process.getuid?.() !== 0) {
    assert.throws(() => commands(["./here"], { cwd: folder }).open?.(), /permission denied/);
  }
  chmodSync(join(folder, "here"), 0o700);
  commands(["./here"], { cwd: folder }).open?.();
  commands(["sh"]).open?.();
  commands(["{program}"]).open?.();
});

test("commands() rejects a run whose program is not there", async () => {
  const run = commands(["{program}"]).run(jobOf({ program: "no-such-program" }));
  await assert.rejects(run, /Cannot run "no-such-program": not found in PATH/);
});

test("commands() refuses params that cannot be put into a command", () => {
  const executor = commands(["echo", "{alpha}"]);
  executor.check?.(jobOf({ alpha: 1 }));
  assert.throws(() => executor.check?.(jobOf({ beta: 1 })), /Cannot fill {alpha}/);
  assert.throws(() => executor.check?.(jobOf({ alpha: "a\0" })), /NUL/);
  assert.throws(() => executor.check?.(jobOf({ alpha: 1, beta: "a\0" })), /"beta".*NUL/);
  for (const [a, b] of [["lr", "LR"], ["a-b", "a_b"], ["a b", "a.b"]] as const) {
    assert.throws(() => executor.check?.(jobOf({ alpha: 1, [a]: 1, [b]: 2 })), {
      name: "TypeError",
      message: new RegExp(
        `params "${a}" and "${b}" .* STET_PARAM_${b.toUpperCase().replace(/\W/, "_")} `,
      ),
    });
  }
});

test("commands() runs in the given folder", async (t) => {
  const cwd = tempFolder(t);
  await shell("echo > here", { cwd }).run(jobOf({}));
  assert(existsSync(join(cwd, "here")));
});

test("an aborted program is asked to end before it is killed", async (t) => {
  const file = join(tempFolder(t), "said");
  const abort = new AbortController();
  const line =
    `trap 'echo asked >> "$0"; exit 0' TERM; echo on > "$0"; while :; do sleep 0.01; done`;
  const run = shell(line, {}, "{file}").run(jobOf({ file }, abort.signal));
  while (!existsSync(file)) await sleep(5);
  abort.abort(new Error("enough"));
  await assert.rejects(run, /enough/);
  assert.equal(readFileSync(file, "utf8"), "on\nasked\n");
});

test("a descendant of an aborted program that ignores SIGTERM is killed too", async (t) => {
  const file = join(tempFolder(t), "beats");
  const abort = new AbortController();
  const below = `(trap "" TERM; while :; do printf . >> "$0"; sleep 0.01; done) > /dev/null 2>&1 &`;
  const run = shell(`${below} sleep 600`, { killAfter: 100 }, "{file}")
    .run(jobOf({ file }, abort.signal));
  while (!existsSync(file)) await sleep(5);
  abort.abort(new Error("enough"));
  await assert.rejects(run, /enough/);
  const size = readFileSync(file).length;
  await sleep(200);
  assert.equal(readFileSync(file).length, size);
});

test("a background process that a program leaves with its output is ended", async (t) => {
  const file = join(tempFolder(t), "pid");
  const executor = shell(`sleep 600 & echo $! > "$0"; echo 5`, { killAfter: 100 }, "{file}");
  assert.equal(await executor.run(jobOf({ file })), 5);
  const pid = Number(readFileSync(file, "utf8"));
  // A zombie, where nobody collects orphans, is dead as well.
  const state = `/proc/${pid}/stat`;
  if (existsSync(state)) assert.match(readFileSync(state, "utf8"), /\) Z /);
  else assert.throws(() => process.kill(pid, 0));
});
