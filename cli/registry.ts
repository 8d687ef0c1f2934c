import { table } from "../backends/table.ts";
import { Registry } from "../core/contract/registry.ts";

/**
 * The kinds of store, for commands that run nothing. They do not load `mod.ts`: parsing functions and
 * hashing params is most of the library's start.
 */
export const registry: Registry = new Registry(table);
