/** Returns the literals of a statement that has its parameters in it. */
export function literalsIn(text: string): readonly string[] {
  const literals: string[] = [];
  for (let start = text.indexOf("'"); start >= 0; start = text.indexOf("'", start)) {
    const end = text.indexOf("'", start + 1);
    literals.push(text.slice(start + 1, end));
    start = end + 1;
  }
  return literals;
}

/** Returns the arrays that a statement unnests as keys `k`, whether they are parameters or in its text. */
export function arraysIn(text: string, values: readonly unknown[]): readonly string[] {
  const end = text.indexOf(") WITH ORDINALITY AS k(");
  const unnested = text.slice(text.lastIndexOf("unnest(", end), end);
  return [...unnested.matchAll(/(?:'(\{[^']*\})'|\$(\d+))::/g)].map(([, literal, number]) =>
    literal ?? values[Number(number) - 1] as string
  );
}

/** Returns the texts of an array, none of which holds a quote, a comma or null. */
export function textsOf(array: string): readonly string[] {
  return array === "{}" ? [] : array.slice(2, -2).split('","');
}
