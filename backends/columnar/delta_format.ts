import { messageOf } from "../../core/errors.ts";
import { parseJson } from "../../core/values/json.ts";
import { isPlainObject } from "../../core/values/value.ts";
import { ByteError, type Format, type Layout } from "../log/format.ts";
import { decodeUtf8 } from "../text/decode_utf8.ts";
import { jsonl } from "../text/jsonl.ts";

const LF = 10;
const GENERATION = "_stet_generation";

/** A place in a delta. */
export interface DeltaPosition {
  /** Id of the delta; the next one has another. */
  readonly generation: string;
  /** Byte at which a row begins. */
  readonly offset: number;
}

/** The layout of a delta. */
export interface DeltaLayout extends Layout {
  readonly generation: string;
}

/**
 * Returns the format of a delta: JSON Lines whose first line names its generation. A file written anew is
 * of a new generation, so that a byte of a generation never changes.
 *
 * @param compacted End of the rows that are in the columnar file: they are not read.
 */
export function deltaFormat(compacted: DeltaPosition | undefined): Format {
  return {
    ...jsonl,
    name: "pending rows",

    layoutOf(bytes, whole): DeltaLayout | undefined {
      if (bytes.length === 0) return undefined;
      const length = bytes.indexOf(LF) + 1;
      if (length === 0 && !whole) return undefined;
      const generation = generationOf(decodeUtf8(bytes, 0, length));
      if (generation !== compacted?.generation) return { columns: [], start: length, generation };
      // Shorter than it was: a power cut took rows that were not synced here, but are in the columnar file.
      if (bytes.length < compacted.offset && !whole) return undefined;
      return { columns: [], start: Math.min(compacted.offset, bytes.length), generation };
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
