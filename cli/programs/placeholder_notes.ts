/** Placeholders of a run's own values, which a param of that name hides, and the variables that hold these. */
const OWN: Readonly<Record<string, string>> = { id: "STET_ID", slot: "STET_SLOT" };

/**
 * Returns notes about the placeholders of a program: params that no argument uses, and params that hide `{id}` or
 * `{slot}`. No param is unused if an argument names a variable of the environment that holds one.
 *
 * @param names The params.
 * @param result The file of results, which may have placeholders too.
 */
export function placeholderNotes(
  names: readonly string[],
  program: readonly string[],
  result: string | RegExp | undefined,
): string[] {
  const words = typeof result === "string" ? [...program, result] : program;
  const isUsed = (name: string): boolean => words.some((word) => word.includes(`{${name}}`));
  const hasVariable = words.some((word) => word.includes("STET_PARAM_"));
  const unused = hasVariable ? [] : names.filter((name) => !isUsed(name));
  const hidden = names.filter((name) => Object.hasOwn(OWN, name) && isUsed(name));
  return [
    ...unused.length > 0 ? [unusedNote(unused)] : [],
    ...hidden.map((name) => hiddenNote(name)),
  ];
}

function unusedNote(names: readonly string[]): string {
  const placeholders = names.map((name) => `{${name}}`).join(", ");
  return `[stet] Note: no argument uses ${placeholders}; the program finds params only in its environment ` +
    `then (STET_PARAM_…)`;
}

function hiddenNote(name: string): string {
  return `[stet] Note: {${name}} is the param "${name}"; the ${name} of the run is ${
    OWN[name]
  } in the ` +
    `environment, or {${name}} once the param has another name`;
}
