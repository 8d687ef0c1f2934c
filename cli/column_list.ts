import { UsageError } from "./command.ts";

/**
 * Gives the names of columns in an option: separated by commas, in double quotes if they have one.
 *
 * @throws {UsageError} If a name is empty or a quote is not closed.
 */
export function columnList(option: string, text: unknown): string[] {
  const list = /^\s*(?:-?"(?:[^"]|"")+"|[^",]+)\s*(?:,\s*(?:-?"(?:[^"]|"")+"|[^",]+)\s*)*$/;
  if (!list.test(String(text))) {
    throw new UsageError(`${option} must be names of columns with commas between, got "${text}"`);
  }
  return [...String(text).matchAll(/\s*(?:(-?)"((?:[^"]|"")+)"|([^",]+))\s*(?:,|$)/g)]
    .map(([, sign, quoted, bare]) =>
      quoted === undefined ? bare!.trim() : sign + quoted.replaceAll('""', '"')
    );
}
