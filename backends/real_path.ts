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
  // The file itself is not opened: of one that is just replaced, Bun's realpath finds none.
  const real = path.join(fs.realpathSync(folder), path.basename(absolute));
  const isLink = fs.lstatSync(real, { throwIfNoEntry: false })?.isSymbolicLink();
  return isLink ? realPath(path.resolve(path.dirname(real), fs.readlinkSync(real))) : real;
}
