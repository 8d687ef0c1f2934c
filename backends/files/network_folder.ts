import fs from "node:fs";
import path from "node:path";
import { MACHINES_SHARE } from "../../core/contract/machines_share.ts";
import { mayAsk } from "./may_ask.ts";

/** File system in user space: sshfs and other network file systems, and some local ones. */
const FUSE = "FUSE";

/** File systems whose locks may not reach from one machine to another, by magic number: statfs(2). */
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
  [0x65735546, FUSE],
]);

/** File systems of this machine, by magic number. */
const LOCAL: ReadonlyMap<number, string> = new Map([
  [0xef53, "ext4"],
  [0x9123683e, "btrfs"],
  [0x58465342, "XFS"],
  [0x01021994, "tmpfs"],
  [0x794c7630, "overlayfs"],
  [0x2fc12fc1, "ZFS"],
]);

/** File system of a folder. */
export interface Disk {
  /** Its name; undefined if it is not known. */
  readonly name: string | undefined;
  /** True if locks cannot be relied on from machine to machine. */
  readonly isNetwork: boolean;
}

/** Returns the file system that a folder is on. */
export function diskOf(folder: string): Disk {
  const network = networkFileSystem(folder);
  if (network !== undefined) return { name: network, isNetwork: true };
  if (!mayAsk("statfs")) return { name: undefined, isNetwork: false };
  try {
    return { name: LOCAL.get(fs.statfsSync(folder).type >>> 0), isNetwork: false };
  } catch {
    return { name: undefined, isNetwork: false };
  }
}

/** Warns if a store is on a network file system. */
export function warnOfNetwork(store: string, warn: (message: string) => void): void {
  const network = networkFileSystem(path.dirname(store));
  if (network === undefined) return;
  const kind = network === FUSE ? "FUSE file system" : `network file system (${network})`;
  warn(
    `[stet] ${store} is on a ${kind}, where locks cannot be relied on: use it from one machine at a ` +
      `time, or keep the store on a local disk; ${MACHINES_SHARE}`,
  );
}

/** Returns the network file system that a folder is on; undefined if it is on none, or on an unknown one. */
export function networkFileSystem(folder: string): string | undefined {
  if (!mayAsk("statfs")) return undefined;
  try {
    return networkNamed(fs.statfsSync(folder).type);
  } catch {
    return undefined; // as if the folder does not exist, which the first use reports
  }
}

/** Returns the network file system with a magic number, which some runtimes give as signed. */
export function networkNamed(magic: number): string | undefined {
  return NETWORK.get(magic >>> 0);
}
