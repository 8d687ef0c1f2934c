import { shown } from "../values/described.ts";
import { nearestName } from "../values/nearest_name.ts";
import type { OptionForm } from "./option_forms.ts";

/** The options of a function by name, each with its form; `true` if it is checked where it is used. */
export type OptionForms<Options> = { readonly [Name in keyof Options]-?: OptionForm | true };

/**
 * Checks the names and values of options. An option that is undefined is left out.
 *
 * @param action The failed action of the message, as in `Cannot <action>: …`.
 * @throws {TypeError} If an option is none of these names, or has a value of another type.
 * @throws {RangeError} If a number is out of range.
 */
export function checkOptions(
  action: string,
  options: object,
  forms: Readonly<Record<string, OptionForm | true>>,
): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new TypeError(
      `Cannot ${action}: options must be an object, as in { name: value }, got ${shown(options)}`,
    );
  }
  for (const [name, value] of Object.entries(options)) {
    if (Object.hasOwn(forms, name)) checkOption(action, name, value, forms[name]!);
    else throw noOption(action, name, Object.keys(forms));
  }
}

function checkOption(action: string, name: string, value: unknown, form: OptionForm | true): void {
  if (value === undefined || form === true) return;
  const isOfType = form.isOfType(value);
  if (isOfType && (form.isInRange?.(value) ?? true)) return;
  const message = `Cannot ${action}: ${name} must be ${form.text}, got ${shown(value)}`;
  throw isOfType ? new RangeError(message) : new TypeError(message);
}

function noOption(action: string, name: string, known: readonly string[]): TypeError {
  const nearest = nearestName(name, known);
  return new TypeError(
    `Cannot ${action}: there is no option "${name}"` +
      (nearest === undefined ? `, only ${known.join(", ")}` : `; did you mean "${nearest}"?`),
  );
}
