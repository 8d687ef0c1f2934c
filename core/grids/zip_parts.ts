import { nearestName } from "../values/nearest_name.ts";

/**
 * Returns the groups of names that change together, in the order of the grid: each group of zipped ones in the place
 * of its first, and each other name alone.
 *
 * @throws {RangeError} If a zipped name is not among the names, or comes twice, or is alone.
 */
export function zipParts(
  names: readonly string[],
  groups: readonly (readonly string[])[],
): (readonly string[])[] {
  const groupOf = new Map<string, readonly string[]>();
  for (const group of groups) {
    for (const name of group) {
      if (!names.includes(name)) {
        const nearest = nearestName(name, names);
        const hint = nearest === undefined
          ? `there is ${names.join(", ")}`
          : `did you mean ${nearest}?`;
        throw new RangeError(`Cannot zip ${name}: it is no axis of the grid; ${hint}`);
      }
      if (groupOf.has(name)) {
        throw new RangeError(`Cannot zip ${name}: it is named twice; name it once`);
      }
      groupOf.set(name, group);
    }
    if (group.length === 1) {
      throw new RangeError(`Cannot zip ${group[0]} alone: name two axes or more`);
    }
  }
  return names.flatMap((name) => {
    const group = groupOf.get(name);
    if (!group) return [[name]];
    const first = names.find((each) => group.includes(each));
    return name === first ? [group] : [];
  });
}

/** @throws {RangeError} If zipped axes are not of one length; it names them with their lengths. */
export function checkLengths(axes: readonly (readonly [name: string, length: number])[]): void {
  if (axes.every(([, length]) => length === axes[0]![1])) return;
  const lengths = axes.map(([name, length]) => `${name} has ${length}`).join(", ");
  throw new RangeError(
    `Cannot zip axes of different lengths: ${lengths}; give each as many values`,
  );
}
