/**
 * Returns the params that no argument of a program uses; none if an argument names a variable of the
 * environment that holds one.
 *
 * @param result The file of results, which may have placeholders too.
 */
export function unusedParams(
  names: readonly string[],
  program: readonly string[],
  result: string | RegExp | undefined,
): string[] {
  const words = typeof result === "string" ? [...program, result] : program;
  if (words.some((word) => word.includes("STET_PARAM_"))) return [];
  return names.filter((name) => !words.some((word) => word.includes(`{${name}}`)));
}

/** Returns the note about such params. */
export function unusedNote(names: readonly string[]): string {
  const placeholders = names.map((name) => `{${name}}`).join(", ");
  return `[stet] Note: no argument uses ${placeholders}; the program finds params only in its environment ` +
    `then (STET_PARAM_…)`;
}
