/**
 * Reads damaged copies of a valid file, and prints for each a line of JSON: a {@linkcode Verdict}.
 * Arguments: the name of the reader, a seed, the first case, the case after the last.
 *
 * @module
 */

import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { FormatError, type Row, StoreError, verify } from "../../mod.ts";
import { judges } from "./judge.ts";
import { mutate } from "./mutate.ts";
import { randomOf } from "./random.ts";
import { readers } from "./stores.ts";

/** What came of one case. */
export interface Verdict {
  readonly index: number;
  /** How the file was damaged. */
  readonly what: string;
  /** True if the reader gave rows, false if it refused the file. */
  readonly isRead: boolean;
  /** What is wrong with that; undefined if nothing is. */
  readonly fault: string | undefined;
  /** The largest resident memory of this process so far, in bytes. */
  readonly memory: number;
}

const [name, seed, from, to] = process.argv.slice(2) as [string, string, string, string];
const reader = readers[name]!;
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "stet-fuzz-"));
process.once("exit", () => fs.rmSync(folder, { recursive: true, force: true }));
fs.mkdirSync(path.join(folder, "samples"));
const [sample, other] = await reader.make(path.join(folder, "samples"));
/** The damaged file again, for the judge. */
const copy = path.join(folder, `copy-${reader.file}`);

for (let index = Number(from); index < Number(to); index++) {
  const random = randomOf(Number(seed) + index * 7919);
  const { bytes, what } = mutate(sample.bytes, other.bytes, random);
  const place = path.join(folder, "damaged");
  fs.mkdirSync(place);
  fs.writeFileSync(path.join(place, reader.file), bytes);
  fs.writeFileSync(copy, bytes);
  const { isRead, fault } = await judge(place, path.join(place, reader.store));
  const verdict: Verdict = {
    index,
    what,
    isRead,
    fault: fault ?? (reader.isMerged ? undefined : changeIn(place, bytes)),
    memory: process.resourceUsage().maxRSS * 1024,
  };
  console.log(JSON.stringify(verdict));
  fs.rmSync(place, { recursive: true });
}

async function judge(
  place: string,
  store: string,
): Promise<{ isRead: boolean; fault: string | undefined }> {
  let rows: readonly Row[];
  try {
    rows = await reader.load(store);
  } catch (error) {
    const fault = faultOf(error, place);
    if (fault !== undefined) return { isRead: false, fault };
    return { isRead: false, fault: await verified(place, store) };
  }
  const fault = judges[name]?.(copy, rows, sample.rows);
  return { isRead: true, fault: fault ?? await verified(place, store, true) };
}

/** Reading leaves the file as it was, and no other file in its folder. */
function changeIn(place: string, bytes: Uint8Array): string | undefined {
  const left = fs.readdirSync(place).filter((file) => file !== reader.file);
  if (left.length > 0) return `reading left ${left.join(", ")}`;
  const isSame = fs.readFileSync(path.join(place, reader.file)).equals(bytes);
  return isSame ? undefined : "reading changed the file";
}

/** `verify` finds what a reader refuses, and never fails by itself. */
async function verified(
  place: string,
  store: string,
  isRead = false,
): Promise<string | undefined> {
  try {
    const findings = await verify(store);
    if (isRead || reader.isTyped) return undefined;
    if (findings.length === 0) return "verify() finds nothing wrong";
    return reader.isColumnar && findings[0]!.kind !== "unreadable"
      ? `verify() finds ${findings[0]!.kind}`
      : undefined;
  } catch (error) {
    const fault = faultOf(error, place);
    return fault && `verify(): ${fault}`;
  }
}

function faultOf(error: unknown, place: string): string | undefined {
  const expected = reader.isColumnar ? FormatError : StoreError;
  if (!(error instanceof expected)) return `not a ${expected.name}: ${String(error)}`;
  return error.message.includes(place) ? undefined : `names no file: ${error.message}`;
}
