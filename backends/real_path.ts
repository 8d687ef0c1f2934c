import fs from "node:fs";
import path from "node:path";
import { StoreError } from "../core/errors.ts";

/**
 * The path with symbolic links resolved, also if the file is not there yet.
 *
 * @throws {StoreError} If its folder is not there.
 */
export function realPath(location: string): string {
  const absolute = path.resolve(location);
  const folder = path.dirname(absolute);
  if (!fs.existsSync(folder)) {
    throw new StoreError(
      `Cannot open store "${location}": there is no folder "${folder}"; make it first`,
    );
  }
  if (fs.existsSync(absolute)) return fs.realpathSync(absolute);
  const link = fs.lstatSync(absolute, { throwIfNoEntry: false });
  if (link?.isSymbolicLink()) return realPath(path.resolve(folder, fs.readlinkSync(absolute)));
  return path.join(fs.realpathSync(folder), path.basename(absolute));
}
