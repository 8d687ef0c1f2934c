import { nearestName } from "./nearest_name.ts";

/**
 * Checks the names of options. The names are an object, so that its type can be checked to have them all.
 *
 * @param action The failed action of the message, as in `Cannot <action>: …`.
 * @throws {TypeError} If an option is none of these names.
 */
export function checkOptions(
  action: string,
  options: object,
  names: Readonly<Record<string, true>>,
): void {
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(names, name)) continue;
    const known = Object.keys(names);
    const nearest = nearestName(name, known);
    throw new TypeError(
      `Cannot ${action}: there is no option "${name}"` +
        (nearest === undefined ? `, only ${known.join(", ")}` : `; did you mean "${nearest}"?`),
    );
  }
}
