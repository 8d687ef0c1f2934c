import { columnsNamed } from "../../../core/tools/condition.ts";
import { nearestColumn } from "../../../core/values/nearest_name.ts";

/**
 * Returns the column that a name of a query means: its whole name, or an end of it after a point.
 *
 * @param what Its kind in the error, such as `metric`.
 * @throws {TypeError} If there is none, or more than one.
 */
export function nameOf(name: string, names: readonly string[], what: string): string {
  const [found, ...others] = columnsNamed(name, names);
  if (others.length > 0) {
    throw new TypeError(
      `Cannot use "${name}" as ${what}: it can be ${
        [found, ...others].join(" or ")
      }; give the whole name`,
    );
  }
  if (found !== undefined) return found;
  const nearest = nearestColumn(name, names);
  const advice = nearest === undefined
    ? names.length === 0 ? ", and no other yet" : `; there are ${names.join(", ")}`
    : `; did you mean "${nearest}"?`;
  throw new TypeError(`Cannot use "${name}" as ${what}: there is none of that name${advice}`);
}

/** Returns the short names of columns: the last part, or the whole name where that is not unique. */
export function labelsOf(names: readonly string[], taken: readonly string[] = []): string[] {
  const shorts = names.map((name) => name.slice(name.lastIndexOf(".") + 1) || name);
  const all = [...shorts, ...taken];
  return names.map((name, i) =>
    all.filter((short) => short === shorts[i]).length > 1 ? name : shorts[i]!
  );
}
