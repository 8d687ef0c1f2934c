/**
 * `bun --hot` evaluates all modules anew in the same realm, and what the copy before holds would stay
 * open. Copies of one module find each other by its URL; other copies of the library are left alone.
 */
const name = Symbol.for(`stet of ${import.meta.url}`);
const realm = globalThis as { [name: symbol]: Set<() => void> | undefined };
const before = realm[name];
const tasks = realm[name] = new Set<() => void>();
for (const task of before ?? []) task();

/** Runs a task when a newer copy of the library takes this one's place. */
export function onReplaced(task: () => void): void {
  tasks.add(task);
}

/** Takes a task back. */
export function notOnReplaced(task: () => void): void {
  tasks.delete(task);
}
