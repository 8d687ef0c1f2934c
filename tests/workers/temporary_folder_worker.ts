/**
 * Makes a temporary folder with a file, prints its path, and ends with standard input.
 *
 * @module
 */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { TemporaryFolder } from "../../core/runtime/temporary_folder.ts";

const folder = new TemporaryFolder("stet-query-");
writeFileSync(join(folder.path, "rows"), "rows");
console.log(folder.path);
process.stdin.on("end", () => folder.remove()).resume();
