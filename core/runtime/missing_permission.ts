import process from "node:process";

/** A permission of Deno, as its API names them. */
export interface Permission {
  readonly name: "env" | "ffi" | "import" | "net" | "read" | "run" | "sys" | "write";
  readonly command?: string;
  readonly host?: string;
  readonly path?: string | URL;
  readonly variable?: string;
}

interface DenoPermissions {
  querySync(permission: Permission): { readonly state: "granted" | "prompt" | "denied" };
}

/** True if Deno grants a permission without asking the user. Always true elsewhere. */
export function isGranted(permission: Permission): boolean {
  const { Deno } = globalThis as { Deno?: { permissions: DenoPermissions } };
  return !Deno || Deno.permissions.querySync(permission).state === "granted";
}

/** The first of these permissions that Deno does not give and will not ask for; none elsewhere. */
export function missingPermission(wanted: readonly Permission[]): Permission | undefined {
  const { Deno } = globalThis as { Deno?: { permissions: DenoPermissions } };
  return wanted.find((permission) => {
    const state = Deno?.permissions.querySync(permission).state ?? "granted";
    return state === "denied" || (state === "prompt" && !process.stdin.isTTY);
  });
}
