import os from "node:os";
import process from "node:process";
import { isGranted, type Permission } from "../../core/runtime/missing_permission.ts";
import { DUCKDB } from "../../duckdb/duckdb.ts";
import { ARROW } from "../../packages/apache_arrow.ts";
import { findPackage } from "../../packages/find_package.ts";
import { PG } from "../../packages/pg.ts";
import { PG_BOSS } from "../../packages/pg_boss.ts";
import { VERSION } from "../../core/runtime/version.ts";
import type { Check } from "./check.ts";

/** The oldest versions that stet runs on. */
const LEAST = { deno: [2, 5], bun: [1, 4], node: [22, 18] } as const;

/** Permissions of Deno, and the commands that want them. */
const PERMISSIONS: readonly (readonly [name: Permission["name"], use: string])[] = [
  ["read", "every store"],
  ["write", "every store"],
  ["run", "stet run"],
  ["env", "stet run"],
  ["net", "stores by URL, stet serve"],
  ["ffi", "DuckDB"],
  ["sys", "host names in failures"],
];

/** The optional packages, and their use. */
const PACKAGES = [
  [DUCKDB, "run SQL and use Parquet"],
  [ARROW, "use Arrow"],
  [PG, "use a Postgres store"],
  [PG_BOSS, "run workers on a cluster"],
] as const;

/** Looks at the versions of stet and the runtime, at Deno's permissions and at the optional packages. */
export async function checkRuntime(): Promise<Check[]> {
  const checks: Check[] = [{ name: "stet", text: VERSION, ok: true }, checkVersion()];
  if (process.versions["deno"]) checks.push(checkPermissions());
  for (const [wanted, purpose] of PACKAGES) {
    const { version, trouble } = await findPackage(wanted, purpose);
    const isOther = version !== undefined && !wanted.version.endsWith(version);
    const tested = isOther ? ` (tested with ${wanted.version})` : "";
    checks.push({ name: wanted.name, text: trouble ?? `${version ?? "found"}${tested}`, ok: true });
  }
  return checks;
}

function checkVersion(): Check {
  const { versions } = process;
  const name = versions["deno"] ? "deno" : versions["bun"] ? "bun" : "node";
  const version = versions[name]!;
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [least, leastMinor] = LEAST[name];
  const ok = major > least || major === least && minor >= leastMinor;
  const remedy = ok ? "" : `; stet needs ${least}.${leastMinor} or newer`;
  return { name: "runtime", text: `${name} ${version}, ${os.type()} ${os.arch()}${remedy}`, ok };
}

function checkPermissions(): Check {
  const missing = PERMISSIONS.filter(([name]) => !isGranted({ name }));
  const ok = !missing.some(([name]) => name === "read" || name === "write");
  const text = missing.map(([name, use]) => `no --allow-${name} (${use})`).join(", ");
  return { name: "permissions", text: text || "all", ok };
}
