import { NAMESPACE, namespaceIn, SOURCE, sourceIn } from "../../core/values/columns.ts";
import type { Engine } from "../../core/contract/engine.ts";
import { counted } from "../../core/display/counted.ts";
import { StoreError } from "../../core/errors.ts";
import type { Target } from "../../core/runs/target.ts";
import { isOtherSource } from "../../core/runs/source_watch.ts";
import { shellText } from "../../core/runtime/shell_text.ts";
import { shownLocation } from "../../core/runtime/shown_location.ts";
import { shortHash } from "../../core/keys/source.ts";

/** Maximum number of rows that are read to find one of a program. */
const MAX_SAMPLE = 1000;

/** The column in which older versions of stet kept a row's template, as a shell reads it. */
const COMMAND = "_stet_command";

/** A word that names a script. */
const SCRIPT = /\.(?:py|[cm]?[jt]sx?|sh|bash|R|jl|rb|pl|lua|php|m|jar|exe)$/i;

/** Options of interpreters whose value is the program: code, or a module. */
const CODE = /^-(?:\w*[ce]|m|p|-eval|-print|-module)$/;

/** Programs that start another one, which options may precede. */
const WRAPPER =
  /(?:^|\/)(?:env|nice|time|timeout|nohup|stdbuf|taskset|numactl|srun|mpirun|mpiexec|torchrun|accelerate|xvfb-run|uv|uvx|poetry|conda|docker|podman|apptainer|singularity|npx|bunx|ssh|sudo)$/;

/**
 * Returns the words of a command line that say which program it is: the script, if a word names one, else the
 * words before the first option or placeholder, and the code or module of an interpreter. All words, after a
 * program that starts another one.
 */
export function programWords(template: readonly string[]): readonly string[] {
  const script = template.find((word) => SCRIPT.test(word) && !/[{}]/.test(word));
  if (script !== undefined) return [script];
  if (WRAPPER.test(template[0] ?? "")) return template;
  const end = template.findIndex((word, i) => i > 0 && /^-|[{}]/.test(word));
  if (end < 0) return template;
  return template.slice(0, CODE.test(template[end]!) ? end + 2 : end);
}

/** Returns the source of a program's rows: a hash of the program and one of its whole template. */
export function commandSource(template: readonly string[]): string {
  const [program, whole] = [programWords(template), template].map((words) =>
    shortHash(shellText(words)).slice(0, 8)
  );
  return `run:${program}-${whole}`;
}

/**
 * Checks the sources of the rows of a store, and returns a note if rows of the same program with other arguments
 * count.
 *
 * @throws {StoreError} If another program made rows of the namespace: each would skip what the other has
 * done.
 */
export async function checkCommand(
  backend: Engine,
  store: string,
  template: readonly string[],
  namespace: string | undefined,
): Promise<string | undefined> {
  const names = await backend.columns();
  if (!names.includes(SOURCE) && !names.includes(COMMAND)) return undefined;
  const command = shellText(template);
  const own = commandSource(template);
  const [program, whole] = own.split("-") as [string, string];
  let count = 0;
  for await (const row of backend.rows({ columns: [COMMAND, SOURCE, NAMESPACE] })) {
    const source = sourceIn(row);
    const before = row[COMMAND];
    if (namespaceIn(row) !== namespace) continue;
    const isOther = source === ""
      ? before !== undefined && before !== command
      : isOtherSource(source, own) && !source.endsWith(`-${whole}`);
    if (!isOther) continue;
    if (source.startsWith(`${program}-`)) count++;
    else {
      throw new StoreError(
        `Cannot run ${command} on store "${backend.location}": its rows were made by ${
          before ?? `another program (${source})`
        }, and each would skip what the other has done; keep them apart with --namespace name, or ` +
          `with another store than --store ${
            shellText([shownLocation(store)])
          }, or have them count ` +
          `with --on-change ignore`,
      );
    }
  }
  if (count === 0) return undefined;
  const made = count === 1 ? "was made" : "were made";
  return `[stet] ${
    counted(count, "row")
  } of "${backend.location}" ${made} by this program with other ` +
    `arguments, and count${
      count === 1 ? "s" : ""
    } for the same params; --on-change rerun repeats them, ` +
    `--namespace name keeps them apart`;
}

/**
 * Checks that no program made the first rows of a function's namespace, as a program is refused the rows of a
 * function.
 *
 * @throws {StoreError} If one did, and the function does not ignore that.
 */
export async function checkFunction(
  backend: Engine,
  { label, namespace, onChange }: Pick<Target, "label" | "namespace" | "onChange">,
): Promise<void> {
  if (onChange === "ignore" || !(await backend.columns()).includes(SOURCE)) return;
  let count = 0;
  for await (const row of backend.rows({ columns: [SOURCE, NAMESPACE] })) {
    const isProgram = namespaceIn(row) === namespace && sourceIn(row).startsWith("run:");
    if (isProgram) {
      throw new StoreError(
        `Cannot run ${label}() on store "${backend.location}": its rows were made by a program of stet run, ` +
          `and each would skip what the other has done; give the function a namespace or another store, ` +
          `or have the rows count with onChange: "ignore"`,
      );
    }
    if (++count === MAX_SAMPLE) return;
  }
}
