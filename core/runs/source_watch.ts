import { NAMESPACE, SOURCE, TIMESTAMP } from "../values/columns.ts";
import type { Engine } from "../contract/engine.ts";
import { StoreError } from "../errors.ts";
import type { Key } from "../keys/key.ts";
import type { OnChange, RunsOptions } from "./once_types.ts";
import type { Row } from "../values/value.ts";
import { paramsText } from "../values/value_text.ts";
import type { WrappedFunction } from "./wrapped_function.ts";

/**
 * Watches the rows that answer the calls of one function: rows of another source, and rows that another
 * function object of the same source made in this process.
 */
export class SourceWatch {
  readonly onChange: OnChange;
  readonly #wrapped: WrappedFunction;
  readonly #namespace: string | undefined;
  readonly #given: string | undefined;
  #own: string | undefined | null = null;
  /** The one warning; set once it is being given. */
  #warning: Promise<void> | undefined;

  constructor(
    wrapped: WrappedFunction,
    { onChange = "warn", version, namespace, source }: RunsOptions,
  ) {
    this.onChange = onChange;
    this.#wrapped = wrapped;
    this.#namespace = namespace;
    this.#given = version === undefined ? source : `v:${version}`;
  }

  /** The source of the rows that the function makes; undefined if its text does not say. */
  get own(): string | undefined {
    if (this.#own !== null) return this.#own;
    const { hash } = this.#wrapped.source;
    return this.#own = this.#given ?? (hash === undefined ? undefined : `${RUNTIME}:${hash}`);
  }

  /** The column that says so, for a row. */
  get columns(): Row {
    return this.own === undefined ? {} : { [SOURCE]: this.own };
  }

  /** True if a row of this source is known to be another's. */
  isOther(source: string): boolean {
    return source !== "" && this.own !== undefined && isOtherSource(source, this.own);
  }

  /** Reports that a row of another source answers. @throws {StoreError} If that is an error. */
  async report(backend: Engine, key: Key): Promise<void> {
    if (this.onChange === "warn") return await (this.#warning ??= this.#warn(backend));
    const { [NAMESPACE]: _, ...params } = key.values;
    throw new StoreError(
      `Cannot answer ${this.#wrapped.label}(${paramsText(params)}) from store ` +
        `"${backend.location}": another source made the row, and onChange is "error". ${WAYS_OUT}`,
    );
  }

  /** True once the warning was given: rows need not be looked at for it any more. */
  get isWarned(): boolean {
    return this.#warning !== undefined;
  }

  async #warn(backend: Engine): Promise<void> {
    const counted = await countOtherRows(backend, this.#namespace, this.own!);
    const { count, total, since, isWhole } = counted;
    const least = isWhole ? "" : "at least ";
    console.warn(
      `[stet] ${this.#wrapped.label}() is answered by rows of another source: ${least}${count} of ` +
        `${least}${total} rows in "${backend.location}"` +
        (since === undefined ? "" : `, since ${since}`) + `. ${WAYS_OUT}`,
    );
  }

  /** Notes that the function makes a key. */
  made(key: Key, self: unknown): void {
    this.#wrapped.peers!.makers.made(key, this.#makerOf(self));
  }

  /** Warns once per source if another function object of this process made the key. */
  checkMaker(key: Key, self: unknown): void {
    const { makers } = this.#wrapped.peers!;
    // Most functions are the only ones of their source, and called on nothing.
    if (makers.isReported || !makers.areMany && (self === undefined || self === null)) return;
    if (this.onChange === "ignore") return;
    const { captured } = this.#wrapped.source;
    if (captured?.length === 0 || !makers.isOthers(key, this.#makerOf(self))) return;
    makers.isReported = true;
    const names = captured === undefined ? "" : ` (${captured.join(", ")})`;
    console.warn(
      `[stet] ${this.#wrapped.label}() is answered by a row that another function object of the same ` +
        `source made in this process: values that it captures${names} are not in the key. Where ` +
        `they differ, make them params, or give each function a store or a namespace: "…" of its ` +
        `own; where they do not, onChange: "ignore"`,
    );
  }

  #makerOf(self: unknown): object {
    const isSelf = typeof self === "object" && self !== null || typeof self === "function";
    const { source, fn } = this.#wrapped;
    return isSelf && source.captured?.includes("this") ? self : fn;
  }
}

const WAYS_OUT =
  `If the function was edited or is compiled in another way: onChange: "rerun" runs ` +
  `those again, "ignore" keeps them, version: "2" says by hand what counts as a change. If they are ` +
  `another program's: store: "….csv" or namespace: "…" for each`;

/** The runtime, as sources name it: each prints functions in its own way. */
const RUNTIME = "Deno" in globalThis ? "deno" : "Bun" in globalThis ? "bun" : "node";
const RUNTIMES = ["deno", "bun", "node"];

/** For how long rows are counted for a message, in milliseconds. */
const MAX_COUNTING_MS = 2000;

/**
 * True if a row's source is known to be another than a function's own. What cannot be compared is not:
 * a row without a source, and a function as another runtime prints it.
 */
export function isOtherSource(source: string, own: string): boolean {
  if (source === own || source === "") return false;
  const [kind, ownKind] = [source, own].map((text) => text.slice(0, text.indexOf(":")));
  if (kind !== ownKind && RUNTIMES.includes(kind!)) return !RUNTIMES.includes(ownKind!);
  return kind === "v" || kind === "run" || RUNTIMES.includes(kind!);
}

/** Counts the rows of another source in a namespace, and gives their oldest time; not all if there are too many. */
async function countOtherRows(backend: Engine, namespace: string | undefined, own: string) {
  const end = performance.now() + MAX_COUNTING_MS;
  let count = 0;
  let total = 0;
  let since: string | undefined;
  for await (const row of backend.rows({ columns: [SOURCE, TIMESTAMP, NAMESPACE] })) {
    if (total % 1024 === 1023 && performance.now() > end) {
      return { count, total, since, isWhole: false };
    }
    if ((row[NAMESPACE] ?? undefined) !== namespace) continue;
    total++;
    if (!isOtherSource(String(row[SOURCE] ?? ""), own)) continue;
    count++;
    const time = row[TIMESTAMP];
    if (typeof time === "string" && (since === undefined || time < since)) since = time;
  }
  return { count, total, since, isWhole: true };
}
