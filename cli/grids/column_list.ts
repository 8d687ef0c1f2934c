import type { Kind, Option } from "../options.ts";
import { UsageError } from "../usage_error.ts";

/**
 * Reads names of columns: separated by commas, in double quotes if they have one.
 *
 * @throws {UsageError} If a name is empty or a quote is not closed.
 */
export function columnList(list: string, flag: string): string[] {
  const item = /\s*(?:(-?)"((?:[^"]|"")+)"\s*|([^\s",][^",]*))(,|$)/y;
  const names: string[] = [];
  for (let isMore = true; isMore;) {
    const found = item.exec(list);
    if (!found) {
      throw new UsageError(`${flag} must be names of columns with commas between, got "${list}"`);
    }
    const [, sign, quoted, bare, end] = found;
    names.push(quoted === undefined ? bare!.trim() : sign + quoted.replaceAll('""', '"'));
    isMore = end === ",";
  }
  return names;
}

/** Names of columns, as the value of an option. */
export const columns: Kind<string[]> = { value: "columns", read: columnList };

/** An option with names of columns that may be given more than once. */
export function columnLists(value: string, help: string): Option<readonly string[]> {
  return {
    value,
    help,
    isRepeated: true,
    read: (texts, flag) => texts.flatMap((text) => columnList(text, flag)),
  };
}
