/** The name that takes the fewest edits to reach, if half of `name` or more survives them. */
export function nearestName(name: string, names: readonly string[]): string | undefined {
  let nearest: string | undefined;
  let fewest = Math.ceil(name.length / 2) + 1;
  for (const candidate of names) {
    const edits = editsBetween(name.toLowerCase(), candidate.toLowerCase());
    if (edits < fewest) [nearest, fewest] = [candidate, edits];
  }
  return nearest;
}

/** The Levenshtein distance. */
function editsBetween(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (const [i, char] of [...from].entries()) {
    const next = [i + 1];
    for (const [j, cost] of row.slice(0, -1).entries()) {
      const replaced = cost + (char === to[j] ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}

/** Returns the nearest column; a result is also found by its name alone. */
export function nearestColumn(name: string, columns: readonly string[]): string | undefined {
  const result = `result.${name}`;
  return columns.includes(result) ? result : nearestName(name, columns);
}

/** Returns the advice about a column that is not there: the nearest one, or all of them. */
export function columnHint(nearest: string | undefined, columns: readonly string[]): string {
  return nearest === undefined
    ? `the columns are ${columns.join(", ")}`
    : `did you mean "${nearest}"?`;
}
