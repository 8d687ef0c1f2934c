/** A text as a field of CSV, in quotes where it needs them. */
export function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? quotedField(text) : text;
}

/** A text as a field of CSV in quotes. */
export function quotedField(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

/** True if a field is in quotes. */
export function isQuoted(field: string): boolean {
  return field.length > 1 && field.startsWith('"') && field.endsWith('"');
}

/** The text of a field as it is written. */
export function unquoted(field: string): string {
  return isQuoted(field) ? field.slice(1, -1).replaceAll('""', '"') : field;
}

/** The fields of one line of CSV as they are written; undefined if its quotes do not close on it. */
export function writtenFields(line: string): string[] | undefined {
  if (!line.includes('"')) return line.split(",");
  const fields: string[] = [];
  const field = /("(?:[^"]|"")*"|[^,"]*)(,|$)/y;
  for (;;) {
    const [, written, end] = field.exec(line) ?? [];
    if (written === undefined) return undefined;
    fields.push(written);
    if (end === "") return fields;
  }
}

/** The texts of the fields of one line of CSV; undefined if its quotes do not close on it. */
export function csvFields(line: string): string[] | undefined {
  return writtenFields(line)?.map(unquoted);
}
