import process from "node:process";

/** A permission of Deno, as its API names them. */
export interface Permission {
  readonly name: "env" | "ffi" | "import" | "net" | "read" | "run" | "sys" | "write";
  readonly command?: string;
  readonly host?: string;
  readonly path?: string | URL;
  readonly variable?: string;
}

/** True if Deno grants a permission without asking the user. Always true elsewhere. */
export function isGranted(permission: Permission): boolean {
  return stateOf(permission) === "granted";
}

/** The first of these permissions that Deno does not give and will not ask for; none elsewhere. */
export function missingPermission(wanted: readonly Permission[]): Permission | undefined {
  return wanted.find((permission) => {
    const state = stateOf(permission);
    return state === "denied" || (state === "prompt" && !process.stdin.isTTY);
  });
}

type State = "granted" | "prompt" | "denied";

function stateOf(permission: Permission): State {
  type Permissions = { querySync(permission: Permission): { readonly state: State } };
  const { Deno } = globalThis as { Deno?: { readonly permissions: Permissions } };
  return Deno?.permissions.querySync(permission).state ?? "granted";
}
