import fs from "node:fs";
import path from "node:path";
import { StoreError } from "../../core/errors.ts";
import { mayReadAll } from "./may_ask.ts";

/**
 * Checks that a file has one path only, since the lock of a store is next to its path: two processes that
 * use it by two paths would overwrite each other's rows.
 *
 * @throws {StoreError} If it has several hard links or is a mount point.
 */
export function checkOwnFile(file: string, { nlink, dev }: fs.Stats): void {
  const doing = `Cannot write store "${file}"`;
  const reason = "a program that uses the store by another path would not see this one's lock";
  if (nlink > 1) {
    throw new StoreError(
      `${doing}: the file has ${nlink} hard links, and ${reason}; make it a file of its own: ` +
        `cp -p "${file}" "${file}.own" && mv "${file}.own" "${file}"`,
    );
  }
  if (isMountPoint(file, dev)) {
    throw new StoreError(
      `${doing}: the file itself is mounted there, and ${reason}; mount its folder instead`,
    );
  }
}

function isMountPoint(file: string, device: number): boolean {
  const mounts = mountPoints();
  if (mounts) return mounts.has(file);
  // A folder that is mounted from elsewhere has the device of its files.
  return fs.statSync(path.dirname(file)).dev !== device;
}

/** Returns the mount points of this process; undefined where the system has no list: proc_pid_mountinfo(5). */
function mountPoints(): ReadonlySet<string> | undefined {
  if (!mayReadAll()) return undefined;
  let text: string;
  try {
    text = fs.readFileSync("/proc/self/mountinfo", "utf8");
  } catch {
    return undefined; // not Linux
  }
  const paths = text.split("\n").map((line) => line.split(" ", 5)[4] ?? "");
  return new Set(
    paths.map((it) =>
      it.replace(/\\([0-7]{3})/g, (_, digits) => String.fromCharCode(parseInt(digits, 8)))
    ),
  );
}
