/** Functions that the tests have executors run: in this process, in workers, in programs. */
import { spawn } from "node:child_process";
import { appendFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

/** Gives twice `n`, after it wrote something. */
export function double({ n }: { n: number }): { twice: number } {
  console.error(`doubling ${n}`);
  return { twice: 2 * n };
}

export default double;

/** Throws. */
export function fail({ code }: { code: number }): never {
  throw Object.assign(new RangeError("no such luck", { cause: new Error("bad luck") }), { code });
}

/** Ends when as many are here as are meant to be. */
export async function meet(
  { folder, me, all }: { folder: string; me: number; all: number },
): Promise<
  number
> {
  writeFileSync(join(folder, `${me}`), "");
  while (readdirSync(folder).length < all) await new Promise((resolve) => setTimeout(resolve, 5));
  return me;
}

/** Appends to a file for ever and never lets go of its thread. */
export function beat({ file }: { file: string }): never {
  const never = new Int32Array(new SharedArrayBuffer(4));
  for (;;) {
    appendFileSync(file, ".");
    Atomics.wait(never, 0, 0, 2);
  }
}

/** Does nothing for ever, as fast as it can. */
export function spin({ file }: { file: string }): never {
  appendFileSync(file, `${process.pid}\n`);
  for (;;);
}

/** Has a process of its own beat, and waits for ever. */
export function beatBelow({ file }: { file: string }): Promise<never> {
  spawn("/bin/sh", ["-c", 'trap "" TERM; while :; do printf . >> "$0"; sleep 0.01; done', file]);
  return new Promise(() => {});
}

/** Waits for ever. */
export function wait({ file }: { file: string }): Promise<never> {
  appendFileSync(file, ".");
  return new Promise(() => {});
}

/** Ends its process in a way. */
export function die({ how }: { how: "exit" | "kill" | "throw" | "reject" }): Promise<never> {
  if (how === "exit") process.exit(3);
  if (how === "kill") process.kill(process.pid, "SIGKILL");
  if (how === "reject") void Promise.reject(new TypeError("nobody waits"));
  if (how === "throw") {
    setTimeout(() => {
      throw new TypeError("nobody catches");
    });
  }
  return new Promise(() => {});
}

/** Holds more and more memory. */
export function hoard(): never {
  const held = new Map<number, number[]>();
  for (let i = 0;; i++) held.set(i, [i, i + 1]);
}

/** Its process. */
export function pid(): number {
  return process.pid;
}

/** Gives what cannot be sent. */
export function giveFunction(): { give: () => void } {
  return { give: () => {} };
}

/** Gives back what it got. */
export function echo(...args: unknown[]): unknown[] {
  return args;
}

export const noFunction = 5;
