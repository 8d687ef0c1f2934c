/** Reads a file and counts its newlines; prints how long that took, and the memory. */
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { peakMemory } from "./peak_memory.ts";
import { rowsIn, type TextFormat } from "./sample_text.ts";

const [file, rows] = process.argv.slice(2);
const start = performance.now();
const fd = fs.openSync(file!, "r");
const bytes = new Uint8Array(1 << 18);
let newlines = 0;
for (let length; (length = fs.readSync(fd, bytes)) > 0;) {
  for (let i = 0; i < length; i++) if (bytes[i] === 10) newlines++;
}
fs.closeSync(fd);
const seconds = (performance.now() - start) / 1000;
if (rowsIn(newlines, path.extname(file!) as TextFormat) !== Number(rows)) {
  throw new Error(`Cannot measure: found ${newlines} newlines`);
}
console.log(JSON.stringify({ seconds, peak: peakMemory() }));
