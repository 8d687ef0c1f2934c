import fs from "node:fs";
import process from "node:process";
import { messageOf, StoreError } from "../errors.ts";
import { isGranted } from "./missing_permission.ts";

/**
 * The token of a sidecar: what a file says, else what the environment says in `STET_TOKEN`; undefined
 * without either, or where Deno gives no access to that variable.
 *
 * @throws {StoreError} If the file cannot be read, or is empty.
 */
export function stetToken(file: string | undefined): string | undefined {
  if (file === undefined) {
    const mayRead = isGranted({ name: "env", variable: "STET_TOKEN" });
    return mayRead ? process.env["STET_TOKEN"] || undefined : undefined;
  }
  let token: string;
  try {
    token = fs.readFileSync(file, "utf8").trim();
  } catch (error) {
    throw new StoreError(`Cannot read the token in "${file}": ${messageOf(error)}`, {
      cause: error,
    });
  }
  if (token !== "") return token;
  throw new StoreError(`Cannot read the token in "${file}": the file is empty`);
}
