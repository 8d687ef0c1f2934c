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

test("an option of another type is a TypeError that shows the form", async () => {
  const sweeping = (options: Readonly<Record<string, unknown>>) => () =>
    sweep(square, [], untyped(options));
  const wrapping = (options: Readonly<Record<string, unknown>>) => () =>
    once(runner, untyped(options));
  const cases: [call: () => unknown, message: RegExp][] = [
    [sweeping({ shard: "1/2" }), /sweep: shard must be .*{ index: 0, count: 4 }, got "1\/2"/],
    [sweeping({ signal: 1 }), /signal must be an AbortSignal, such as controller.signal, got 1/],
    [sweeping({ signal: new AbortController() }), /controller.signal, got an object/],
    [sweeping({ adaptive: 4 }), /adaptive must be true or false, got 4/],
    [sweeping({ concurrency: "4" }), /concurrency must be a whole number from 1 up, got "4"/],
    [sweeping({ executor: workers }), /executor must be .*workers\(.*got a function/],
    [sweeping({ deadline: "tomorrow" }), /deadline must be a Date or .*got "tomorrow"/],
    [sweeping({ log: false }), /log must be a function .*\(\) => {}.*, got false/],
    [sweeping({ progress: "bar" }), /progress must be true or false, or a function, got "bar"/],
    [sweeping({ maxFailures: "20%" }), /such as 0.2, got "20%"/],
    [() => sweep(square, [], 4 as never), /sweep: options must be an object, .*got 4/],
    [wrapping({ store: 5 }), /wrap: store must be a path, a URL or an open backend .*, got 5/],
    [wrapping({ store: Promise.resolve() }), /\(await openBackend\(…\)\), got a promise/],
    [wrapping({ save: "yes" }), /save must be true or false, got "yes"/],
    [wrapping({ onBusy: "wiat" }), /onBusy must be "skip" or "wait", got "wiat"/],
    [wrapping({ durability: 1 }), /durability must be "power" or "process", got 1/],
    [wrapping({ defaults: [] }), /defaults must be an object, .*got an array/],
    [
      () => new Store(untyped({ runner, fileSuffix: 1 })),
      /Store: fileSuffix must be a text, got 1/,
    ],
    [() => inProcess(untyped({ concurrency: "2" })), /concurrency must be .*, got "2"/],
    [() => workers(square as never), /workers: module must be .*import.meta.url, got a function/],
    [() => commands("echo {n}" as never), /must be an array of words, .*got "echo {n}"/],
    [() => commands(["true"], untyped({ result: 1 })), /result must be a path or a regular/],
    [() => cluster(undefined as never), /url must be .*"postgres:\/\/user@host.*, got undefined/],
    [() => cluster("mysql://me:secret@host/db"), /got "mysql:\/\/me(:\*+)?@host\/db"/],
    [() => cluster(url, untyped({ fallback: true })), /fallback must be .*or false, got true/],
  ];
  for (const [call, message] of cases) assert.throws(call, { name: "TypeError", message });
  const working = clusterWorker(square, url, untyped({ executor: 4 }));
  await assert.rejects(working, { name: "TypeError", message: /executor must be .*, got 4/ });
});

test("a number out of range is a RangeError", () => {
  const cases: [call: () => unknown, message: RegExp][] = [
    [() => sweep(square, [], { concurrency: 0 }), /concurrency must be .*, got 0/],
    [() => sweep(square, [], { deadline: 60_000 }), /such as Date.now\(\) \+ 60_000, got 60000/],
    [() => workers("a.ts", "a", { concurrency: 0 }), /workers: concurrency must be .*, got 0/],
    [() => commands(["true"], { concurrency: 1.5 }), /commands: concurrency must be .*, got 1.5/],
  ];
  for (const [call, message] of cases) assert.throws(call, { name: "RangeError", message });
});

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
