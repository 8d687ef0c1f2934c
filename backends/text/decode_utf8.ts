import { ByteError } from "../log/format.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The maximum length of a text that is decoded here if it is ASCII: a TextDecoder takes several times as long. */
const MAX_SHORT = 64;

/**
 * Decodes UTF-8.
 *
 * @throws {ByteError} If they are not UTF-8.
 */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  if (end - start <= MAX_SHORT) {
    const units = new Array<number>(end - start);
    let all = 0;
    for (let i = start; i < end; i++) all |= units[i - start] = bytes[i]!;
    if (all < 128) return String.fromCharCode.apply(null, units);
  }
  try {
    return utf8.decode(bytes.subarray(start, end));
  } catch {
    throw new ByteError("the text is not UTF-8; save the file as UTF-8", start);
  }
}
