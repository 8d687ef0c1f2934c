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

/** Returns an array of texts as a parameter. Quicker than that of pg, which tests each of them by more patterns. */
export function textArray(texts: readonly (string | null)[]): string {
  let array = "";
  for (const text of texts) {
    array += array === "" ? "{" : ",";
    if (text === null) array += "NULL";
    else array += /["\\]/.test(text) ? `"${text.replace(/["\\]/g, "\\$&")}"` : `"${text}"`;
  }
  return array === "" ? "{}" : `${array}}`;
}
