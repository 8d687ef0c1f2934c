import { table } from "../backends/table.ts";
import { createRegistry, type Registry } from "../core/contract/registry.ts";

/**
 * The kinds of store, for commands that run nothing. They do not load `mod.ts`: reading functions
 * and hashing params is most of what starting the library takes.
 */
export const registry: Registry = createRegistry(table);
