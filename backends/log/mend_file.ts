import { Buffer } from "node:buffer";
import fs from "node:fs";
import type { Finding } from "../../core/contract/engine.ts";
import type { FormatError } from "../../core/errors.ts";
import { Pieces } from "../files/file_bytes.ts";
import type { Layout } from "./format.ts";
import { rowOf } from "./row_scan.ts";
import { scanToEnd } from "./scan_to_end.ts";
import { RowWriter, type TextFile } from "./text_file.ts";
import { type Fault, walkLines } from "./walk_lines.ts";

/** Returns the errors of rows that cannot be read: at most `max`, and one where a row has several lines. */
export function unreadableRows(file: TextFile, max: number): readonly FormatError[] {
  const { format } = file;
  return file.reading<FormatError[]>([], (fd, layout, size) => {
    const errors: FormatError[] = [];
    if (format.hasRowPerLine) {
      for (const { kind, error } of faultsOf(file, fd, layout, size)) {
        if (kind === "torn") continue;
        if (errors.push(file.formatError(fd, error, 0)) === max) break;
      }
      return errors;
    }
    const scanner = format.scanner(layout);
    const pieces = new Pieces(fd, layout.start, size);
    file.parsing(fd, pieces, () => {
      const visitor = { row: () => void rowOf(scanner) };
      scanToEnd(pieces, format, layout, scanner, visitor, () => true);
    });
    return errors;
  }, (error) => [error]);
}

/**
 * Repairs a file of lines in which nothing but damaged lines and headers are no rows: it is written anew
 * with the rows, those after another header under the right names. Damaged lines are moved to the quarantine.
 *
 * @returns The findings; none if another line is no row.
 */
export function mendFile(file: TextFile): readonly Finding[] {
  if (!file.format.hasRowPerLine) return [];
  return file.reading<Finding[]>([], (fd, layout, size) => {
    const faults = [...faultsOf(file, fd, layout, size)];
    const wrong = faults.filter(({ kind }) => kind !== "torn");
    if (wrong.length === 0 || wrong.some(({ kind }) => kind === "unreadable")) return [];
    const mended = wrong.map(({ error, kind }): Finding => ({
      kind: "unreadable",
      message: file.formatError(fd, error, 0).message,
      repaired: kind === "damaged"
        ? `moved it to "${file.quarantinePath}"`
        : "wrote the rows after it under the names of the first header",
    }));
    const damaged = faults.filter(({ kind }) => kind !== "header").map(({ bytes }) => bytes);
    if (damaged.length > 0) file.writing(() => file.quarantine(Buffer.concat(damaged), fd));
    copyRows(file, fd, layout, size);
    return mended;
  }, () => []);
}

/** Writes a file anew with each name of its header in its plain spelling. */
export function tidyFile(file: TextFile): void {
  file.reading(undefined, (fd, layout, size) => {
    copyRows(file, fd, file.format.tidied!(layout), size);
  });
}

/** Replaces a file by one of its rows in a layout. */
function copyRows(file: TextFile, fd: number, layout: Layout, size: number): void {
  const { format } = file;
  const walked = (): ReturnType<typeof walkLines> =>
    walkLines(new Pieces(fd, layout.start, size), format, layout);
  const names = new Set<string>();
  for (const found of walked()) if ("names" in found) found.names.forEach((it) => names.add(it));
  const whole = format.extend(layout, [...names]);
  file.replace(fs.fstatSync(fd), (temporary) => {
    const writer = new RowWriter(temporary, format, whole);
    for (const found of walked()) if ("names" in found) writer.add(found.copy(whole));
    writer.end();
  });
}

function* faultsOf(file: TextFile, fd: number, layout: Layout, size: number): Generator<Fault> {
  const pieces = new Pieces(fd, layout.start, size);
  for (const found of walkLines(pieces, file.format, layout)) if ("kind" in found) yield found;
}
