import { csvFields } from "./csv_field.ts";

function isQuoted(field: string): boolean {
  return field.length > 1 && field.startsWith('"') && field.endsWith('"');
}

/**
 * The names in the fields of a header, as in the file. White space around a name does not
 * count, as with cells. It does in quotes, by which stet writes such a name, unless all names have them,
 * as in the files of programs that quote everything.
 */
export function namesOf(fields: readonly string[]): string[] {
  const isMeant = !fields.every(isQuoted);
  return fields.map((field) => {
    if (!isQuoted(field)) return unquoted(field.trim());
    const name = unquoted(field);
    return isMeant ? name : name.trim();
  });
}

/** After white space that was taken off, quotes are quotes. */
function unquoted(field: string): string {
  return isQuoted(field) ? field.slice(1, -1).replaceAll('""', '"') : field;
}

/** The fields that have white space around their names which does not count. */
export function paddedFields(fields: readonly string[]): string[] {
  const names = namesOf(fields);
  return fields.filter((field, i) => unquoted(field) !== names[i]);
}

/** The names in the line that is a header; undefined if its quotes do not close on it. */
export function namesInLine(line: string): string[] | undefined {
  if (!line.includes('"')) return namesOf(line.split(","));
  const texts = csvFields(line);
  if (!texts) return undefined;
  // Fields by their lengths: in quotes, where the line has one at its place.
  const fields: string[] = [];
  let at = 0;
  for (const text of texts) {
    const quoted = `"${text.replaceAll('"', '""')}"`;
    const field = line.startsWith(quoted, at) ? quoted : text;
    fields.push(field);
    at += field.length + 1;
  }
  return namesOf(fields);
}
