import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { runtimes } from "../runtimes.ts";

const worker = fileURLToPath(new URL("../workers/long_text_worker.ts", import.meta.url));

/** Far more than linear time needs, and less than a text of this length takes in quadratic time. */
const MOST_MS = 120_000;

for (const { name, command, args } of runtimes) {
  test(`${name}: texts of half a million characters are read in linear time by all that reads them`, async () => {
    const child = spawn(command, [...args, worker], { stdio: ["ignore", "pipe", "inherit"] });
    let reached = "";
    child.stdout.on("data", (piece) => reached = String(piece).trim().split("\n").at(-1)!);
    const timer = setTimeout(() => child.kill("SIGKILL"), MOST_MS);
    const code = await new Promise((resolve) => child.on("close", resolve));
    clearTimeout(timer);
    assert.equal(code, 0, `it stopped at: ${reached}`);
    assert.equal(reached, "done");
  });
}
