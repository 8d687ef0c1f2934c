/** The fix that most messages show. */
export const NAME_THEM = 'Name its arguments with paramNames: ["alpha", "seed"]';

/** The error of a function whose arguments cannot be named. */
export function cannotName(name: string, problem: string, cause?: unknown): TypeError {
  return new TypeError(
    `Cannot name the arguments of ${name}(): ${problem}`,
    cause === undefined ? {} : { cause },
  );
}
