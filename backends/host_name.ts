import os from "node:os";

let known: string | undefined;

/** This machine's name where permissions allow to ask without a prompt; else empty. */
export function hostName(): string {
  return known ??= mayAsk() ? os.hostname() : "";
}

function mayAsk(): boolean {
  const deno = (globalThis as { Deno?: { permissions: DenoPermissions } }).Deno;
  const state = deno?.permissions.querySync({ name: "sys", kind: "hostname" }).state;
  return state === undefined || state === "granted";
}

interface DenoPermissions {
  querySync(
    descriptor: { name: "sys"; kind: "hostname" },
  ): { state: "granted" | "prompt" | "denied" };
}
