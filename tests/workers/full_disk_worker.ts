/**
 * Records until the disk is full, catches the error, and ends normally; or, given a limit, records one
 * row that is too large for a file, and then a small one of the same key. Says what happened as JSON.
 */
import fs from "node:fs";
import process from "node:process";
import { once, StoreError } from "../../mod.ts";

const [how, store = "", other = ""] = process.argv.slice(2);
let text = "x".repeat(4000);
const work = once(({ k }: { k: number }) => `${text}${k}`, { store, save: true, quiet: true });

async function fillDisk(): Promise<boolean> {
  const beside = once(({ k }: { k: number }) => k, { store: other, quiet: true });
  try {
    for (let k = 0; k < 500; k++) await work({ k });
    return false;
  } catch (error) {
    await beside({ k: 1 }); // its clean-up comes after that of the store on the full disk
    return error instanceof StoreError;
  }
}

async function exceedLimit(): Promise<readonly unknown[]> {
  await work({ k: 0 });
  text = "x".repeat(200_000);
  const refused = [];
  for (let i = 0; i < 2; i++) {
    refused.push(await work({ k: 1 }).catch((error) => error instanceof StoreError));
  }
  text = "small";
  const { status } = await work.outcome({ k: 1 });
  await work.close();
  return [...refused, status];
}

const said = how === "fill" ? await fillDisk() : await exceedLimit();
fs.writeSync(1, JSON.stringify(said));
