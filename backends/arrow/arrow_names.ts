import { jsonString } from "../../core/values/json.ts";

/** The entry of a file's metadata with its columns' names as JSON, where a reader loses some of them. */
const NAMES = "stet_names";

/**
 * Adds the names of the columns to the metadata if one begins with U+FEFF: apache-arrow decodes names
 * by a TextDecoder, which takes that for a byte order mark.
 */
export function withNames(
  metadata: ReadonlyMap<string, string>,
  names: readonly string[],
): ReadonlyMap<string, string> {
  if (!names.some((name) => name.startsWith("\ufeff"))) return metadata;
  return new Map([...metadata, [NAMES, `[${names.map(jsonString).join(",")}]`]]);
}

/** The names of a file's columns, from its metadata if they are there. */
export function namesIn(
  metadata: ReadonlyMap<string, string>,
  decoded: readonly string[],
): readonly string[] {
  const json = metadata.get(NAMES);
  if (json === undefined) return decoded;
  const names = JSON.parse(json) as readonly string[];
  const isSame = names.length === decoded.length &&
    decoded.every((name, i) => name === names[i]!.replace(/^\ufeff/, ""));
  return isSame ? names : decoded; // another program may have changed the columns
}
