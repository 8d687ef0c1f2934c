import { UsageError, type Values } from "../command.ts";

/**
 * Gives the names of columns in an option: separated by commas, in double quotes if they have one.
 *
 * @throws {UsageError} If a name is empty or a quote is not closed.
 */
export function columnList(option: string, text: unknown): string[] {
  const list = String(text);
  const item = /\s*(?:(-?)"((?:[^"]|"")+)"\s*|([^\s",][^",]*))(,|$)/y;
  const names: string[] = [];
  for (let isMore = true; isMore;) {
    const found = item.exec(list);
    if (!found) {
      throw new UsageError(`${option} must be names of columns with commas between, got "${list}"`);
    }
    const [, sign, quoted, bare, end] = found;
    names.push(quoted === undefined ? bare!.trim() : sign + quoted.replaceAll('""', '"'));
    isMore = end === ",";
  }
  return names;
}

/** Gives the names of columns in an option that may be given more than once. @throws {UsageError} As above. */
export function columnLists(option: string, texts: Values[string]): string[] {
  return (texts as readonly string[] | undefined ?? []).flatMap((text) => columnList(option, text));
}
