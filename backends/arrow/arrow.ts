import type { OpenOptions } from "../../core/contract/backend.ts";
import { loadArrow } from "../../packages/apache_arrow.ts";
import { ARROW_FILE, ARROW_STREAM, ArrowFile } from "./arrow_file.ts";
import { writeArrow } from "./arrow_writer.ts";
import { ColumnarBackend } from "../columnar/columnar_backend.ts";
import type { ColumnarFormat } from "../columnar/columnar_format.ts";

/**
 * A store in an Arrow file (`.arrow`, `.feather`: the IPC file format; `.arrows`: the stream format).
 * Rows are recorded in a JSON Lines file next to it and compacted into it in growing steps, and by `close`.
 * Needs the package `apache-arrow`.
 *
 * Columns are int64, float64 or bool where all their values are; any other is utf8 with cell text. An
 * absent value is null.
 *
 * @example
 * ```ts ignore
 * import { ArrowBackend } from "@stet/stet/backends";
 *
 * const backend = new ArrowBackend("runs.arrow");
 * await backend.record({ alpha: 0.1, model: "a" });
 * await backend.close();
 * ```
 */
export class ArrowBackend extends ColumnarBackend {
  /** Opens the store at a path; it is made by the first record. */
  constructor(path: string, options: OpenOptions = {}) {
    super(path, /\.arrows$/i.test(path) ? arrowStream : arrowFile, options);
  }
}

/**
 * Opens the Arrow store at a path.
 *
 * @throws {StoreError} If the package `apache-arrow` is not installed.
 */
export async function open(path: string, options: OpenOptions): Promise<ArrowBackend> {
  await loadArrow(`open store "${path}"`); // before anything runs whose row could not be kept
  return new ArrowBackend(path, options);
}

/** The IPC file format for the engine. */
export const arrowFile: ColumnarFormat = arrowFormat(ARROW_FILE, true);
/** The IPC stream format for the engine. */
export const arrowStream: ColumnarFormat = arrowFormat(ARROW_STREAM, false);

function arrowFormat(name: string, isFile: boolean): ColumnarFormat {
  return {
    name,
    isCaseSensitive: true,

    open: async (held) => ArrowFile.open(await loadArrow("use Arrow"), held, isFile),
    write: async (path, content) =>
      await writeArrow(await loadArrow("use Arrow"), path, content, isFile),
  };
}
