import { NAMESPACE, namespaceIn, SOURCE, sourceIn } from "../../core/values/columns.ts";
import type { Engine } from "../../core/contract/engine.ts";
import { StoreError } from "../../core/errors.ts";
import { isOtherSource } from "../../core/runs/source_watch.ts";
import { shellText } from "../../core/runtime/shell_text.ts";
import { shortHash } from "../../core/keys/source.ts";
import type { Output } from "../command.ts";

/** The column in which older versions of stet kept a row's template, as a shell reads it. */
const COMMAND = "_stet_command";

/** A word that names a script. */
const SCRIPT = /\.(?:py|[cm]?[jt]sx?|sh|bash|R|jl|rb|pl|lua|php|m|jar|exe)$/i;

/**
 * Returns the source of a program's rows: a hash of the program and one of its whole template.
 * Where a word names a script, that is the program and the rest are arguments; else all words are the
 * program.
 */
export function commandSource(template: readonly string[]): string {
  const script = template.find((word) => SCRIPT.test(word) && !/[{}]/.test(word));
  const whole = shellText(template);
  return `run:${shortHash(script ?? whole).slice(0, 8)}-${shortHash(whole).slice(0, 8)}`;
}

/**
 * Checks the sources of the rows of a store. Rows of the same program with other arguments count, after a note.
 *
 * @throws {StoreError} If another program made rows of the namespace: each would skip what the other has
 * done.
 */
export async function checkCommand(
  backend: Engine,
  store: string,
  template: readonly string[],
  namespace: string | undefined,
  { error }: Output,
): Promise<void> {
  const names = await backend.columns();
  if (!names.includes(SOURCE) && !names.includes(COMMAND)) return;
  const command = shellText(template);
  const own = commandSource(template);
  const [program] = own.split("-");
  let count = 0;
  for await (const row of backend.rows({ columns: [COMMAND, SOURCE, NAMESPACE] })) {
    const source = sourceIn(row);
    const before = row[COMMAND];
    if (namespaceIn(row) !== namespace) continue;
    const isOther = source === ""
      ? before !== undefined && before !== command
      : isOtherSource(source, own);
    if (!isOther) continue;
    if (source.startsWith(`${program}-`)) count++;
    else {
      throw new StoreError(
        `Cannot run ${command} on store "${backend.location}": its rows were made by ${
          before ?? `another program (${source})`
        }, and each would skip what the other has done; keep them apart with --namespace name, or ` +
          `with another store than --store ${shellText([store])}`,
      );
    }
  }
  if (count === 0) return;
  error(
    `[stet] ${count} rows of "${backend.location}" were made by this program with other arguments, and count; ` +
      `--namespace name keeps them apart`,
  );
}
