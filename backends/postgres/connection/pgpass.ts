import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { isGranted } from "../../../core/runtime/missing_permission.ts";

/** What a line of the password file is for. */
export interface PasswordOwner {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
}

/**
 * Returns the password that the password file has for a connection, or undefined
 * (https://www.postgresql.org/docs/current/libpq-pgpass.html). A file that others can read does not count.
 */
export function readPgpass(owner: PasswordOwner): string | undefined {
  const file = process.env["PGPASSFILE"] ?? defaultFile();
  if (file === undefined) return undefined;
  let text: string;
  try {
    const { mode } = fs.statSync(file);
    if (process.platform !== "win32" && (mode & 0o077) !== 0) return undefined;
    text = fs.readFileSync(file, "utf8");
  } catch {
    return undefined; // there is none, or none that may be read
  }
  return passwordIn(text, owner);
}

/** Returns the password of the first line that fits. */
export function passwordIn(
  text: string,
  { host, port, database, user }: PasswordOwner,
): string | undefined {
  const wanted = [host.startsWith("/") ? "localhost" : host, `${port}`, database, user];
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith("#")) continue;
    const fields = [...line.matchAll(/((?:\\.|[^:\\])*)(?::|$)/g)].map(([, field = ""]) => field);
    const password = fields[4];
    if (password === undefined) continue;
    const fits = wanted.every((value, i) => fields[i] === "*" || unescaped(fields[i]!) === value);
    if (fits) return unescaped(password);
  }
  return undefined;
}

function unescaped(field: string): string {
  return field.replace(/\\(.)/g, "$1");
}

function defaultFile(): string | undefined {
  if (!isGranted({ name: "sys" }) && !isGranted({ name: "env", variable: "HOME" })) {
    return undefined;
  }
  try {
    return process.platform === "win32"
      ? path.join(process.env["APPDATA"] ?? os.homedir(), "postgresql", "pgpass.conf")
      : path.join(os.homedir(), ".pgpass");
  } catch {
    return undefined; // hidden by permissions
  }
}
