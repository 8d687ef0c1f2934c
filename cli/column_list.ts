import { UsageError, type Values } from "./command.ts";

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

/** Gives the names of columns in an option that may be given more than once. @throws {UsageError} As above. */
export function columnLists(option: string, texts: Values[string]): string[] {
  return (texts as readonly string[] | undefined ?? []).flatMap((text) => columnList(option, text));
}
