import fs from "node:fs";
import path from "node:path";
import { atExit, notAtExit } from "../runtime/at_exit.ts";
import { closeAfter } from "../runtime/close_after.ts";
import { engineOf } from "../contract/adapted_backend.ts";
import type { Engine } from "../contract/engine.ts";
import type { MaybePromise } from "../runtime/maybe_promise.ts";
import { StoreError } from "../errors.ts";
import { shownLocation } from "../runtime/shown_location.ts";
import { keyOf, keyShape } from "../keys/key.ts";
import { putInPlace } from "./put_in_place.ts";
import { locationText, type Registry, type StoreOptions } from "../contract/registry.ts";

/** Treatment of a store that is there already. Default: an error. */
export interface WriteOptions extends StoreOptions {
  /** True to add to it. */
  readonly append?: boolean;
  /** True to replace it. */
  readonly force?: boolean;
}

/** The key that is claimed while a store is made, so that other processes see that it is. */
const MAKING = keyOf(keyShape(["_stet_making"]), { _stet_making: true });

/**
 * Makes a store as a whole: it is there with everything that `fill` records, or not at all. It is
 * written to a temporary store in the same folder, which is renamed; the next call removes temporary
 * stores of killed processes. Rows that are added to a store (`append`) are there as they come.
 *
 * @throws {StoreError} If it is there already and neither `append` nor `force` is set, or is in use.
 */
export async function makeWhole<T>(
  registry: Registry,
  location: string | URL,
  { append = false, force = false, ...options }: WriteOptions,
  fill: (store: Engine) => MaybePromise<T>,
): Promise<T> {
  const store = engineOf(await registry.open(location, options));
  const target = store.location;
  if (append) return await closeAfter(() => fill(store), () => store.close());
  await closeAfter(async () => {
    if (!path.isAbsolute(target)) {
      throw new StoreError(
        `Cannot write "${
          shownLocation(location)
        }" as a whole: it is no file; add rows to it with append (stet export --append)`,
      );
    }
    if (await store.exists()) await checkReplaceable(store, force);
    else force = false; // a process that makes one meanwhile keeps it
  }, () => store.close());
  checkUnused(target);
  for (const file of await unfinishedOf(registry, location, target, options)) {
    removeUnfinishedStore(file);
  }
  return await writeAside(registry, locationText(location), target, { ...options, force }, fill);
}

/**
 * Returns the temporary stores of a store that no process is writing any more.
 *
 * @param location The name that the user gave. @param target Its path.
 */
export async function unfinishedOf(
  registry: Registry,
  location: string | URL,
  target: string,
  options: StoreOptions,
): Promise<string[]> {
  const folder = path.dirname(target);
  const end = `-${path.basename(target)}`;
  const begun = new Set<string>();
  for (const name of fs.readdirSync(folder)) {
    const [begin = ""] = /^\.stet-[0-9a-f-]{36}/.exec(name) ?? [];
    if (begin === "" || !name.startsWith(begin + end)) continue;
    // It may have been killed when only the state file was there. Not "out.jsonl" for "out.json".
    const rest = name.slice(begin.length + end.length);
    if (/^(?:$|-state|-wal|-shm|-journal|\.pending)/.test(rest)) begun.add(begin + end);
  }
  const found: string[] = [];
  for (const name of begun) {
    const file = path.join(folder, name);
    const store = engineOf(await registry.open(schemeOf(location) + file, options));
    await closeAfter(async () => {
      if ((await store.held()).length === 0) found.push(file);
    }, () => store.close());
  }
  return found;
}

/** Removes a temporary store, and its files. */
export function removeUnfinishedStore(file: string): void {
  const base = path.basename(file);
  for (const name of fs.readdirSync(path.dirname(file))) {
    if (name.startsWith(base) || name.startsWith(`.${base}`)) {
      fs.rmSync(path.join(path.dirname(file), name), { force: true });
    }
  }
}

async function checkReplaceable(store: Engine, force: boolean): Promise<void> {
  if (!force) {
    throw new StoreError(
      `Cannot write "${store.location}": it is there already; choose another name, or have it ` +
        `replaced (force, --force)`,
    );
  }
  try {
    await store.columns(); // merges the delta of a killed process
  } catch {
    // An unreadable store can be replaced all the same.
  }
  const [held] = await store.held();
  if (!held) return;
  throw new StoreError(
    `Cannot replace "${store.location}": ${held.holder} runs something on it; wait until it is done`,
  );
}

/** @throws {StoreError} If a closed store has a log, which would count for the store in its place. */
function checkUnused(target: string): void {
  for (const end of ["-wal", "-journal", ".pending.jsonl"]) {
    if (!fs.existsSync(target + end)) continue;
    throw new StoreError(
      `Cannot replace "${target}": another process has it open ("${target}${end}" is there); close it`,
    );
  }
}

async function writeAside<T>(
  registry: Registry,
  location: string,
  target: string,
  { force = false, ...options }: WriteOptions,
  fill: (store: Engine) => MaybePromise<T>,
): Promise<T> {
  const folder = path.dirname(target);
  // The name that was given ends with the extension; that of a symbolic link's target need not.
  const base = path.basename(location);
  const file = path.join(folder, `.stet-${crypto.randomUUID()}-${base}`);
  const clean = (): void => removeUnfinishedStore(file);
  atExit(clean);
  try {
    const store = engineOf(await registry.open(schemeOf(location) + file, options));
    const result = await closeAfter(async () => {
      await store.claim(MAKING); // until it is closed
      return await fill(store);
    }, () => store.close());
    if (fs.existsSync(file)) putInPlace(target, file, force);
    return result;
  } finally {
    notAtExit(clean);
    clean();
  }
}

/** Returns the `sqlite:///` of a URL; empty for a path. */
function schemeOf(location: string | URL): string {
  return /^(?!file:)[a-z][a-z0-9+]+:\/\/\//i.exec(String(location))?.[0] ?? "";
}
