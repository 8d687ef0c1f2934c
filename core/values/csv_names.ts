import { isQuoted, unquoted, writtenFields } from "./csv_field.ts";

/**
 * The names in the fields of a header, as in the file. White space around a name does not
 * count, as with cells. It does in quotes, by which stet writes such a name, unless all names have them,
 * as in the files of programs that quote everything.
 */
export function namesOf(fields: readonly string[]): string[] {
  const isMeant = !fields.every(isQuoted);
  return fields.map((field) => {
    if (!isQuoted(field)) return unquoted(field.trim()); // after white space, quotes are quotes
    const name = unquoted(field);
    return isMeant ? name : name.trim();
  });
}

/** The fields that have white space around their names which does not count. */
export function paddedFields(fields: readonly string[]): string[] {
  const names = namesOf(fields);
  return fields.filter((field, i) => unquoted(field) !== names[i]);
}

/** The names in the line that is a header; undefined if its quotes do not close on it. */
export function namesInLine(line: string): string[] | undefined {
  const fields = writtenFields(line);
  return fields && namesOf(fields);
}
