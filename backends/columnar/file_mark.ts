import { checksumMetadata } from "../../packages/checksum.ts";
import type { DeltaPosition } from "./delta_format.ts";

/** The mark of stet in the metadata of a columnar file. */
export interface FileMark {
  /** Files of one history begin with the same rows: those of the older one. */
  readonly history: string;
  /** End of the rows of the delta that the file has. */
  readonly compacted: DeltaPosition | undefined;
}

const HISTORY = "stet_history", GENERATION = "stet_generation", OFFSET = "stet_merged";

/** Returns the mark in a file's metadata; undefined if stet did not write it. */
export function markOf(metadata: ReadonlyMap<string, string>): FileMark | undefined {
  const history = metadata.get(HISTORY);
  if (history === undefined) return undefined;
  const generation = metadata.get(GENERATION);
  const offset = Number(metadata.get(OFFSET));
  return { history, compacted: generation === undefined ? undefined : { generation, offset } };
}

/** Returns a mark as metadata, with a checksum. */
export function markMetadata(
  { history, compacted }: FileMark,
  checksum: string,
): ReadonlyMap<string, string> {
  return new Map([
    [HISTORY, history],
    ...checksumMetadata(checksum),
    ...compacted
      ? [[GENERATION, compacted.generation], [OFFSET, `${compacted.offset}`]] as const
      : [],
  ]);
}
