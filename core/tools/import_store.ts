import path from "node:path";
import { closeAfter } from "../runtime/close_after.ts";
import { checkParamName, isReserved, NAMESPACE } from "../values/columns.ts";
import { engineOf } from "../contract/adapted_backend.ts";
import type { Engine } from "../contract/engine.ts";
import { StoreError } from "../errors.ts";
import { foreignReader } from "./foreign_rows.ts";
import { keyOf, keyShape } from "../keys/key.ts";
import { makeWhole } from "./make_whole.ts";
import { DEFAULT_STORE } from "../runs/open_stores.ts";
import type { Registry, StoreOptions } from "../contract/registry.ts";
import { checkKnown } from "./select_rows.ts";
import { openExisting } from "../contract/open_existing.ts";
import type { TextKind } from "../values/text_value.ts";
import { uniteRows } from "./unite_rows.ts";
import { type Row, setEntry } from "../values/value.ts";
import { yielding } from "../runtime/yield_timer.ts";

/** Options of {@linkcode importStore}. */
export interface ImportOptions extends StoreOptions {
  /** The columns that say which run a row is, by their names in the store: all of a function's key. */
  readonly key: readonly string[];
  /** The store to fill. Default: `_stet_store.csv`. */
  readonly store?: string | URL;
  /** New names of columns, by their names in the file. Default: none. */
  readonly rename?: Readonly<Record<string, string>>;
  /**
   * The columns that are saved, as `result.<name>`; those of other names than these and the key's are
   * left out. Default: all but the key's.
   */
  readonly result?: readonly string[];
  /** The namespace of the function whose runs they are. Default: none. */
  readonly namespace?: string;
  /** Columns whose values are text, by their names in the store, whatever they look like. Default: none. */
  readonly text?: readonly string[];
  /** Columns in which what spells a number is one, by their names in the store. Default: none. */
  readonly number?: readonly string[];
}

/** What an import came to. */
export interface ImportCounts {
  /** How many runs the file had. */
  readonly read: number;
  /** How many of them were recorded: the rest were in the store, which keeps what it has. */
  readonly recorded: number;
}

/** The type of {@linkcode importStore}. */
export type ImportFunction = (file: string | URL, options: ImportOptions) => Promise<ImportCounts>;

/** `importStore` over the kinds of store that a registry knows. */
export function createImport(registry: Registry): ImportFunction {
  return async (file, options) => {
    const { key, store = DEFAULT_STORE, rename = {}, result, namespace, ...others } = options;
    const { text = [], number = [], ...rest } = others;
    const { warn = console.warn } = rest;
    const source = engineOf(await openExisting(registry, file, rest));
    let target: Engine | undefined;
    return await closeAfter(
      async () => {
        const known = await source.columns();
        const names = newNames(known, { key, rename, ...result && { result } });
        const plainName = (column: string): string =>
          Object.hasOwn(rename, column) ? rename[column]! : column;
        checkKnown([...text, ...number], known.map(plainName));
        const shape = keyShape([...key, NAMESPACE]);
        const foreignRows = await foreignReader(source, {
          kindOf: (column) => kindOf(plainName(column), text, number),
          // Results say nothing of which run it is, and programs write the float 1 as 1.0.
          keepsFloats: (column) => !key.includes(plainName(column)),
          onText(column, texts) {
            const note = names.has(column) &&
              texts.note(plainName(column), `--number ${plainName(column)}`);
            if (note) warn(`[stet] Note: ${note}`);
          },
        });
        const united = await uniteRows(
          [{
            name: String(file),
            async *rows(): AsyncGenerator<Row> {
              let number = 0;
              for await (const { row } of yielding(foreignRows())) {
                yield renamed(row, names, key, namespace, `row ${++number} of "${file}"`);
              }
            },
          }],
          shape,
          undefined,
        );
        target = engineOf(await registry.open(store, rest));
        const [held] = await target.held();
        if (held) {
          throw new StoreError(
            `Cannot import into "${store}": ${held.holder} runs something on it; wait until it is done`,
          );
        }
        const columns = [
          ...new Set([
            ...key,
            ...namespace === undefined ? [] : [NAMESPACE],
            ...names.values(),
          ]),
        ];
        if (path.isAbsolute(target.location) && !await target.exists()) {
          // As a whole: nothing need be looked up in it.
          const recorded = await makeWhole(
            registry,
            store,
            rest,
            async (made) => await made.recordAll(united.rows(), { columns }),
          );
          return { read: united.keys, recorded };
        }
        const recorded = await target.recordAll(
          (async function* (): AsyncGenerator<Row> {
            for await (const row of united.rows()) {
              if (!await target.hasKey(keyOf(shape, row))) yield row;
            }
          })(),
          { columns },
        );
        return { read: united.keys, recorded };
      },
      () => target?.close(),
      () => source.close(),
    );
  };
}

/**
 * What each column of the file is called in the store; those that are left out are not there.
 *
 * @throws {TypeError} If a column is named that the file has not, or two get one name.
 */
function newNames(
  known: readonly string[],
  { key, rename, result }: Required<Pick<ImportOptions, "key" | "rename">> & ImportOptions,
): Map<string, string> {
  if (key.length === 0) {
    throw new TypeError(`Cannot import without a key: name the columns that say which run it is`);
  }
  key.forEach(checkParamName);
  checkKnown(Object.keys(rename), known);
  const plain = known.map((name) => Object.hasOwn(rename, name) ? rename[name]! : name);
  checkKnown([...key, ...result ?? []], plain);
  const names = new Map<string, string>();
  for (const [i, name] of plain.entries()) {
    const isKept = key.includes(name) || name.startsWith("_stet_") ||
      (result?.includes(name) ?? true);
    if (!isKept) continue;
    const isPlain = key.includes(name) || isReserved(name);
    const named = isPlain ? name : `result.${name}`;
    if ([...names.values()].includes(named)) {
      throw new TypeError(`Cannot import two columns as "${named}": rename one of them`);
    }
    names.set(known[i]!, named);
  }
  return names;
}

function kindOf(
  name: string,
  text: readonly string[],
  number: readonly string[],
): TextKind | undefined {
  if (!text.includes(name)) return number.includes(name) ? "number" : undefined;
  if (!number.includes(name)) return "text";
  throw new TypeError(`Cannot import "${name}" as text and as numbers: name it in one of both`);
}

function renamed(
  row: Row,
  names: ReadonlyMap<string, string>,
  key: readonly string[],
  namespace: string | undefined,
  what: string,
): Row {
  const renamed: Row = {};
  for (const [name, value] of Object.entries(row)) {
    const named = names.get(name);
    if (named !== undefined) setEntry(renamed, named, value);
  }
  if (namespace !== undefined) renamed[NAMESPACE] = namespace;
  if (key.some((name) => Object.hasOwn(renamed, name))) return renamed;
  throw new StoreError(
    `Cannot import ${what}: it has none of ${key.join(", ")}, which say which run it is`,
  );
}
