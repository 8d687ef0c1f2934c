/** Returns a name as SQL. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Returns a list of names as SQL. */
export function quotedList(names: Iterable<string>): string {
  return [...names].map(quoted).join(", ");
}

/** Returns a text as SQL. */
export function literal(text: string): string {
  const doubled = text.replaceAll("'", "''");
  return doubled.includes("\\") ? ` E'${doubled.replaceAll("\\", "\\\\")}'` : `'${doubled}'`;
}

/** Returns the conjunction of terms as SQL. */
export function allOf(terms: readonly string[]): string {
  return terms.length > 0 ? terms.join(" AND ") : "true";
}
