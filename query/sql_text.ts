/** A name as an identifier of SQL. */
export function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text as a literal of SQL. */
export function sqlString(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
