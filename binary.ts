/**
 * The program that `bun build --compile` makes of stet: the command line, and the modules that it starts
 * in workers and threads, which are in this one file too. Users' modules import the `@stet/stet` in it.
 */
import process from "node:process";
import { isMainThread } from "node:worker_threads";
import { declareMain } from "./core/runtime/is_bundled.ts";
import type { QueryJob } from "./server/query/query_job.ts";

interface Bun {
  plugin(plugin: {
    readonly name: string;
    setup(build: {
      module(
        specifier: string,
        load: () => Promise<{ readonly exports: object; readonly loader: "object" }>,
      ): void;
    }): void;
  }): void;
}

const modules: Readonly<Record<string, () => Promise<object>>> = {
  "@stet/stet": () => import("./mod.ts"),
  "@stet/stet/backends": () => import("./backends/mod.ts"),
  "@stet/stet/cli": () => import("./cli.ts"),
  "@stet/stet/contract": () => import("./core/contract/mod.ts"),
  "@stet/stet/server": () => import("./server.ts"),
};

declareMain();
(globalThis as unknown as { readonly Bun: Bun }).Bun.plugin({
  name: "stet",
  setup(build) {
    for (const [specifier, load] of Object.entries(modules)) {
      build.module(specifier, async () => ({ exports: await load(), loader: "object" }));
    }
  },
});

/** The export that a process for SQL runs. */
export async function answerQuery(job: QueryJob): Promise<void> {
  await (await import("./server/query/query_job.ts")).answerQuery(job);
}

if (!isMainThread) await import("./server/figures/figures_thread.ts");
else if (process.send && process.env["STET_WORKER"]) await import("./executors/worker_entry.ts");
else process.exitCode = await (await import("./cli/main.ts")).main(process.argv.slice(2));
