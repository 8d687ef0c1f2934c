/** Executors: in this thread, in worker processes, in programs. @module */
export { commands, type CommandsOptions } from "./commands.ts";
export { inProcess, type InProcessOptions } from "../core/runs/in_process.ts";
export { workers, type WorkersOptions } from "./workers.ts";
