import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryBackend } from "../../backends/mod.ts";
import {
  cluster,
  clusterWorker,
  commands,
  inProcess,
  once,
  Store,
  sweep,
  workers,
} from "../../mod.ts";

/** Options as JavaScript gives them, whose names no compiler checks. */
function untyped(options: Readonly<Record<string, unknown>>): never {
  return options as never;
}

const square = once(({ n }: { n: number }) => n * n, { store: new MemoryBackend() });
const runner = (): void => {};
const url = "postgres://host/database";

test("an unknown option is a TypeError that offers the nearest, or all", async () => {
  const cases: [call: () => unknown, message: RegExp][] = [
    [
      () => once(runner, untyped({ file: "a.csv" })),
      /wrap: there is no option "file", only store, /,
    ],
    [
      () => once(untyped({ stor: "a.csv" })),
      /wrap: there is no option "stor"; did you mean "store"/,
    ],
    [() => sweep(square, [], untyped({ concurency: 2 })), /sweep: .*did you mean "concurrency"/],
    [() => new Store(untyped({ runner, resultDir: "." })), /Store: .*did you mean "resultsDir"/],
    [() => inProcess(untyped({ concurency: 2 })), /"concurency"; did you mean "concurrency"/],
    [
      () => workers("a.ts", "a", untyped({ maxMemory: 2 })),
      /"maxMemory"; did you mean "maxMemoryMb"/,
    ],
    [() => commands(["true"], untyped({ log: "." })), /"log"; did you mean "logs"/],
    [() => cluster(url, untyped({ detached: true })), /"detached"; did you mean "detach"/],
  ];
  for (const [call, message] of cases) assert.throws(call, { name: "TypeError", message });
  const working = clusterWorker(square, url, untyped({ handleSignal: 2 }));
  await assert.rejects(working, {
    name: "TypeError",
    message: /"handleSignal"; did you mean "handleSignals"/,
  });
});
