type Permission = { readonly name: string; readonly kind?: string };

interface DenoPermissions {
  querySync(descriptor: Permission): { readonly state: string };
}

/** Returns true if Deno permits to ask the system without a prompt. Always true on other runtimes. */
export function mayAsk(kind: "hostname" | "statfs"): boolean {
  return isGranted({ name: "sys", kind });
}

/** Returns true if files of the system may be read, which Deno permits with `--allow-all` only. */
export function mayReadAll(): boolean {
  const names = ["read", "write", "net", "env", "run", "ffi", "sys"];
  return names.every((name) => isGranted({ name }));
}

function isGranted(permission: Permission): boolean {
  const { Deno } = globalThis as { Deno?: { permissions: DenoPermissions } };
  return !Deno || Deno.permissions.querySync(permission).state === "granted";
}
