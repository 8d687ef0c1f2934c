import fs from "node:fs";
import path from "node:path";
import { StoreError } from "../../core/errors.ts";
import { explaining } from "./system_error.ts";

/** Maximum number of links in a chain, as on Linux: path_resolution(7). */
const MAX_LINKS = 40;

/**
 * Resolves symbolic links, also of a file that does not exist yet.
 *
 * @throws {StoreError} If its folder does not exist, or if it is a link that leads nowhere.
 */
export function realPath(location: string): string {
  const doing = `Cannot open store "${location}"`;
  return explaining(doing, location, () => {
    let file = path.resolve(location);
    for (let links = 0; links <= MAX_LINKS; links++) {
      const folder = path.dirname(file);
      fs.lstatSync(file, { throwIfNoEntry: false }); // throws if a part is a file, or of a loop of links
      if (!fs.statSync(folder, { throwIfNoEntry: false })) {
        throw new StoreError(`${doing}: there is no folder "${folder}"; make it first`);
      }
      // The file itself is not opened: of one that is just replaced, Bun's realpath finds none.
      const real = path.join(fs.realpathSync(folder), path.basename(file));
      const isLink = fs.lstatSync(real, { throwIfNoEntry: false })?.isSymbolicLink();
      if (!isLink) return real;
      file = path.resolve(path.dirname(real), fs.readlinkSync(real));
    }
    throw Object.assign(new Error("too many symbolic links"), { code: "ELOOP", path: location });
  });
}
