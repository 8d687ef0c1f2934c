/** Returns a name as an identifier of SQL. */
export function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Returns a text as a literal of SQL. */
export function sqlString(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Escapes a path where DuckDB takes patterns. */
export function globEscaped(path: string): string {
  return path.replace(/[*?[]/g, "[$&]");
}
