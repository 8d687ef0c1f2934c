/** A name as an identifier of SQL. */
export function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text as a literal of SQL. */
export function sqlString(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A path that names only itself, where DuckDB takes patterns. */
export function globEscaped(path: string): string {
  return path.replace(/[*?[]/g, "[$&]");
}
