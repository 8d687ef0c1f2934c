/** The name that takes the fewest edits to reach, if half of `name` or more survives them. */
export function nearestName(name: string, names: readonly string[]): string | undefined {
  let nearest: string | undefined;
  let fewest = Math.min(Math.ceil(name.length / 2) + 1, name.length);
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

/** Returns the nearest column; one with a point in its name is also found by what is after the point. */
export function nearestColumn(name: string, columns: readonly string[]): string | undefined {
  const result = `result.${name}`;
  if (columns.includes(result)) return result;
  const byName = new Map(
    columns.map((column) => [column.slice(column.lastIndexOf(".") + 1), column]),
  );
  const nearest = nearestName(name, [...columns, ...byName.keys()]);
  return nearest === undefined || columns.includes(nearest) ? nearest : byName.get(nearest);
}

/** Returns the advice about a column that is not there: the nearest one, or all of them. */
export function columnHint(nearest: string | undefined, columns: readonly string[]): string {
  if (nearest !== undefined) return `did you mean "${nearest}"?`;
  return columns.length === 0
    ? "there are no columns yet"
    : `the columns are ${columns.join(", ")}`;
}
