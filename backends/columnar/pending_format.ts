import { messageOf } from "../../core/errors.ts";
import { parseJson } from "../../core/values/json.ts";
import { isPlainObject } from "../../core/values/value.ts";
import { ByteError, type Format, type Layout } from "../log/format.ts";
import { decodeUtf8 } from "../text/decode_utf8.ts";
import { jsonl } from "../text/jsonl.ts";

const LF = 10;
const GENERATION = "_stet_generation";

/** Up to where pending rows are in the columnar file. */
export interface Merged {
  /** Of which pending file; the next one has another. */
  readonly generation: string;
  /** Byte before which its rows are merged. */
  readonly offset: number;
}

/** The layout of a pending file. */
export interface PendingLayout extends Layout {
  readonly generation: string;
}

/**
 * JSON Lines whose first line says which generation of pending rows they are. A file written anew is of
 * a new one, so that a byte of a generation is the same byte for ever.
 *
 * @param merged What of it is in the columnar file: rows before that are not read.
 */
export function pendingFormat(merged: Merged | undefined): Format {
  return {
    ...jsonl,
    name: "pending rows",

    layoutOf(bytes, whole): PendingLayout | undefined {
      if (bytes.length === 0) return undefined;
      const length = bytes.indexOf(LF) + 1;
      if (length === 0 && !whole) return undefined;
      const generation = generationOf(decodeUtf8(bytes, 0, length));
      if (generation !== merged?.generation) return { columns: [], start: length, generation };
      // Shorter than it was: a power cut took what was not brought to the disk here, but there.
      if (bytes.length < merged.offset && !whole) return undefined;
      return { columns: [], start: Math.min(merged.offset, bytes.length), generation };
    },

    extend: (layout) => layout ?? { columns: [], start: 0 },

    head: () => `{"${GENERATION}": "${crypto.randomUUID()}"}\n`,
  };
}

function generationOf(line: string): string {
  try {
    const header = parseJson(line);
    if (isPlainObject(header) && typeof header[GENERATION] === "string") return header[GENERATION];
  } catch (error) {
    throw new ByteError(`expected {"${GENERATION}": …}: ${messageOf(error)}`, 0);
  }
  throw new ByteError(`expected {"${GENERATION}": …}, as stet writes it`, 0);
}
