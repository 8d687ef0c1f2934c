import assert from "node:assert/strict";
import fs from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { main } from "../../cli.ts";
import { type Cleaned, tempFolder } from "../temp_folder.ts";

const library = new URL("../../mod.ts", import.meta.url).href;

/** Runs a command line, and returns its exit code and its lines. */
async function stet(...args: string[]): Promise<{ code: number; lines: string }> {
  const lines: string[] = [];
  const log = (line: string): void => void lines.push(line);
  const code = await main(args, { log, error: log });
  return { code, lines: lines.join("\n") };
}

/** Returns a module whose `ask` calls a service, and its store. */
async function asking(t: Cleaned, status: (n: number) => number): Promise<[string, string]> {
  const server = createServer((request, response) => {
    const code = status(Number(request.url!.slice(1)));
    response.writeHead(code, { "retry-after": "0" }).end("answer");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const folder = tempFolder(t);
  const module = join(folder, "asks.ts");
  const store = join(folder, "asks.csv");
  fs.writeFileSync(
    module,
    `import { once } from ${JSON.stringify(library)};
export const ask = once(async ({ n }: { n: number }) => {
  const response = await fetch("http://127.0.0.1:${port}/" + n);
  const text = await response.text();
  if (!response.ok) throw new Error("HTTP " + response.status, { cause: response });
  return text;
}, { store: ${JSON.stringify(store)}, save: true });
`,
  );
  return [`${module}#ask`, store];
}

test("stet sweep --http-retry --adaptive retries, and failures --retry runs what failed for good", async (t) => {
  const seen = new Map<number, number>();
  const [ask, store] = await asking(t, (n) => {
    const count = (seen.get(n) ?? 0) + 1;
    seen.set(n, count);
    if (n === 3) return count <= 2 ? 400 : 200;
    return count === 1 ? 429 : 200;
  });
  const command = ["sweep", ask, "-g", "n=1..6", "-j", "8", "--http-retry", "--adaptive"];
  const first = await stet(...command);
  assert.equal(first.code, 1);
  assert.match(first.lines, /5 ran, 0 skipped, 1 failed/);
  const second = await stet(...command);
  assert.match(second.lines, /1 run failed for good before/);
  assert.match(second.lines, /0 ran, 5 skipped, 1 failed/);
  assert.match(second.lines, /\(--retry-permanent of stet sweep\) runs it/);
  assert.equal(seen.get(3), 1);
  const listed = await stet("failures", store);
  assert.match(listed.lines, /1 × \[permanent\] HTTP 400\n/);
  assert.match(listed.lines, /all failed for good: --retry runs them again/);
  assert.doesNotMatch(listed.lines, /Started again/);
  const third = await stet("failures", store, "--retry", ask, "--http-retry", "--adaptive");
  assert.equal(third.code, 1, "the service still refuses it");
  assert.match(third.lines, /0 ran, 0 skipped, 1 failed/);
  const fourth = await stet(...command, "--retry-permanent");
  assert.equal(fourth.code, 0, fourth.lines);
  assert.match(fourth.lines, /1 ran, 5 skipped, 0 failed/);
  const program = await stet("failures", store, "--retry", "--http-retry", "--", "true", "{n}");
  assert.equal(program.code, 0, "nothing is left to run again");
});

test("stet sweep --max-failures stops by count or share", async (t) => {
  const [ask] = await asking(t, () => 500);
  const count = await stet("sweep", ask, "-g", "n=1..90", "--max-failures", "4");
  assert.match(count.lines, /Stopped: 4 of 4 runs failed/);
  assert.equal(count.code, 1);
  const share = await stet("sweep", ask, "-g", "n=1..90", "--max-failures", "10%");
  assert.match(share.lines, /Stopped: 20 of 20 runs failed/);
});

test("stet sweep refuses limits of failures and retries that make no sense", async (t) => {
  const [ask] = await asking(t, () => 200);
  for (
    const options of [["--max-failures", "0"], ["--max-failures", "120%"], ["--max-failures", "x"]]
  ) {
    assert.equal((await stet("sweep", ask, "-g", "n=1", ...options)).code, 2);
  }
  const both = await stet("sweep", ask, "-g", "n=1", "--http-retry", "--retry-delay", "1s");
  assert.match(both.lines, /leave out --retry-delay/);
});
