import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { runtimes } from "../runtimes.ts";

const worker = fileURLToPath(new URL("../workers/long_text_worker.ts", import.meta.url));

/** Limit for each text: linear time needs far less, quadratic time far more. */
const MAX_MS = 20_000;

for (const { name, command, args } of runtimes) {
  test(`${name}: texts of 250,000 characters are read in linear time by all that reads them`, async () => {
    const child = spawn(command, [...args, worker], { stdio: ["ignore", "pipe", "inherit"] });
    let reached = "";
    const stop = (): void => void child.kill("SIGKILL");
    let timer = setTimeout(stop, MAX_MS);
    child.stdout.on("data", (piece) => {
      reached = String(piece).trim().split("\n").at(-1)!;
      clearTimeout(timer);
      timer = setTimeout(stop, MAX_MS);
    });
    const code = await new Promise((resolve) => child.on("close", resolve));
    clearTimeout(timer);
    assert.equal(code, 0, `it stopped at: ${reached}`);
    assert.equal(reached, "done");
  });
}
