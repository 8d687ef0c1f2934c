import fs from "node:fs";
import path from "node:path";
import { mayAsk } from "./may_ask.ts";

/** File systems whose locks do not reach, or not surely, from one machine to another: statfs(2). */
const NETWORK: ReadonlyMap<number, string> = new Map([
  [0x6969, "NFS"],
  [0x517b, "SMB"],
  [0xff534d42, "CIFS"],
  [0xfe534d42, "SMB"],
  [0x5346414f, "AFS"],
  [0x0bd00bd0, "Lustre"],
  [0x47504653, "GPFS"],
  [0x00c36400, "Ceph"],
  [0x01021997, "9P"],
]);

/** Says so if a store is on a network file system. */
export function warnOfNetwork(store: string, warn: (message: string) => void): void {
  const network = networkFileSystem(path.dirname(store));
  if (network === undefined) return;
  warn(
    `[stet] ${store} is on a network file system (${network}), where locks cannot be relied ` +
      `on: use it from one machine at a time, or keep the store on a local disk`,
  );
}

/** The network file system that a folder is on; undefined if it is on none, or none can be told. */
export function networkFileSystem(folder: string): string | undefined {
  if (!mayAsk("statfs")) return undefined;
  return networkNamed(fs.statfsSync(folder).type);
}

/** The network file system with a magic number of statfs(2), which some runtimes give as signed. */
export function networkNamed(magic: number): string | undefined {
  return NETWORK.get(magic >>> 0);
}
