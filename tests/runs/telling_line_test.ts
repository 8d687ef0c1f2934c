import assert from "node:assert/strict";
import { test } from "node:test";
import { tellingLine } from "../../core/display/telling_line.ts";
import { runProgram } from "../../executors/run_program.ts";
import process from "node:process";

/** Error outputs of programs, and the line that says what went wrong. */
const OUTPUTS = [
  [
    `Epoch 3: loss 0.2
Traceback (most recent call last):
  File "/home/me/train.py", line 7, in <module>
    main()
    ~~~~^^
  File "/home/me/train.py", line 4, in main
    raise OutOfBudget("too much")
__main__.OutOfBudget: too much
wandb: Run failed; see error logs
`,
    "__main__.OutOfBudget: too much",
  ],
  [
    `  File "train.py", line 9, in forward
    return self.net(x)
RuntimeError: CUDA out of memory
CUDA kernel errors might be asynchronously reported at some other API call.
For debugging consider passing CUDA_LAUNCH_BLOCKING=1
`,
    "RuntimeError: CUDA out of memory",
  ],
  [
    `file:///tmp/x.mjs:1
throw new TypeError("no such model")
      ^

TypeError: no such model
    at file:///tmp/x.mjs:1:7
    at ModuleJob.run (node:internal/modules/esm/module_job:343:25)

Node.js v24.1.0
`,
    "TypeError: no such model",
  ],
  [
    "error: Uncaught (in promise) Error: boom\nthrow new Error('boom')\n      ^\n    at file:///x.ts:1:7\n",
    "error: Uncaught (in promise) Error: boom",
  ],
  [
    "panic: boom\n\ngoroutine 1 [running]:\nmain.main()\n\t/tmp/x.go:3\nexit status 2\n",
    "panic: boom",
  ],
  [
    "reading a.txt\ncat: b.txt: No such file or directory\n",
    "cat: b.txt: No such file or directory",
  ],
  ["\u001b[31mERROR\u001b[0m: bad seed\r\ndone\r\n", "ERROR: bad seed"],
  ["one\ntwo\n", "two"],
  ["  indented\n", "indented"],
  ["\n", ""],
] as const;

test("the telling line of a program's error output is the exception, not what is around it", () => {
  for (const [output, line] of OUTPUTS) assert.equal(tellingLine(output), line);
});

test("the error of a program begins with its telling line", async () => {
  const run = (line: string): Promise<unknown> =>
    runProgram({
      words: ["/bin/sh", "-c", line],
      cwd: undefined,
      env: process.env,
      signal: new AbortController().signal,
      killAfter: 1000,
      log: () => {},
      result: { add: () => {}, end: () => undefined },
      logPath: undefined,
    });
  await assert.rejects(run("echo ValueError: no >&2; echo bye >&2; exit 1"), {
    message: "sh exited with code 1: ValueError: no\nValueError: no\nbye",
  });
  await assert.rejects(run("echo boom >&2; exit 2"), { message: "sh exited with code 2: boom" });
  await assert.rejects(run("exit 3"), { message: "sh exited with code 3" });
});
