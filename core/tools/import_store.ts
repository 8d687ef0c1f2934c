import path from "node:path";
import { closeAfter } from "../runtime/close_after.ts";
import { checkParamName, isReserved, NAMESPACE } from "../values/columns.ts";
import { engineOf } from "../contract/adapted_backend.ts";
import { StoreError } from "../errors.ts";
import { foreignReader } from "./foreign_rows.ts";
import { keyOf, keyShape } from "../keys/key.ts";
import { makeWhole } from "./make_whole.ts";
import { DEFAULT_STORE, type Registry, type StoreOptions } from "../contract/registry.ts";
import { checkKnown } from "./select_rows.ts";
import { withStore } from "../contract/open_existing.ts";
import type { TextKind } from "../values/text_value.ts";
import { uniteRows } from "./unite_rows.ts";
import { entryOf, type Row, setEntry } from "../values/value.ts";
import { yielding } from "../runtime/yield_timer.ts";

/** Options of {@linkcode importStore}. */
export interface ImportOptions extends StoreOptions {
  /** The columns that say which run a row is, by their names in the store: all of a function's key. */
  readonly key: readonly string[];
  /** The store to fill. Default: `_stet_store.csv`. */
  readonly store?: string | URL;
  /** New names of columns, by their names in the file. Default: none. */
  readonly rename?: Readonly<Record<string, string>>;
  /** The columns that are saved, as `result.<name>`, next to the key. Default: all but the key's. */
  readonly result?: readonly string[];
  /** The namespace of the function whose runs they are. Default: none. */
  readonly namespace?: string;
  /** Columns whose values are text, by their names in the store, whatever they look like. Default: none. */
  readonly text?: readonly string[];
  /** Columns whose texts are numbers where they spell one, by their names in the store. Default: none. */
  readonly number?: readonly string[];
}

/** Counts of an import. */
export interface ImportCounts {
  /** Number of runs in the file. */
  readonly read: number;
  /** Number of runs that were recorded; the store keeps its own rows of the others. */
  readonly recorded: number;
}

/** Fills a store from the rows of a file. */
export async function importStore(
  registry: Registry,
  file: string | URL,
  options: ImportOptions,
): Promise<ImportCounts> {
  const { key, store = DEFAULT_STORE, rename = {}, result, namespace, ...others } = options;
  const { text = [], number = [], ...rest } = others;
  const { warn = console.warn } = rest;
  return await withStore(registry, file, rest, async (source) => {
    const known = await source.columns();
    const plainName = (column: string): string => entryOf(rename, column) ?? column;
    checkKnown(Object.keys(rename), known);
    const plain = known.map(plainName);
    const names = newNames(known, plain, key, result);
    checkKnown([...text, ...number], plain);
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
    async function* rows(): AsyncGenerator<Row> {
      let count = 0;
      for await (const { row } of yielding(foreignRows())) {
        yield renamed(row, names, key, namespace, `row ${++count} of "${file}"`);
      }
    }
    const shape = keyShape([...key, NAMESPACE]);
    const united = await uniteRows([{ name: String(file), rows }], shape, undefined);
    const space = namespace === undefined ? [] : [NAMESPACE];
    const columns = [...new Set([...key, ...space, ...names.values()])];
    const target = engineOf(await registry.open(store, rest));
    return await closeAfter(async () => {
      const [held] = await target.held();
      if (held) {
        throw new StoreError(
          `Cannot import into "${store}": ${held.holder} runs something on it; wait until it is done`,
        );
      }
      const isNew = path.isAbsolute(target.location) && !await target.exists();
      async function* missing(): AsyncGenerator<Row> {
        for await (const row of united.rows()) {
          if (!await target.hasKey(keyOf(shape, row))) yield row;
        }
      }
      const recorded = isNew
        ? await makeWhole(
          registry,
          store,
          rest,
          (made) => made.recordAll(united.rows(), { columns }),
        )
        : await target.recordAll(missing(), { columns });
      return { read: united.keys, recorded };
    }, () => target.close());
  });
}

/**
 * Returns the name in the store of each column of the file; columns that are left out are absent.
 *
 * @param plain The names after `rename`.
 * @throws {TypeError} If a column of the key or result is not in the file, or two get one name.
 */
function newNames(
  known: readonly string[],
  plain: readonly string[],
  key: readonly string[],
  result: readonly string[] | undefined,
): Map<string, string> {
  if (key.length === 0) {
    throw new TypeError(`Cannot import without a key: name the columns that say which run it is`);
  }
  key.forEach(checkParamName);
  checkKnown([...key, ...result ?? []], plain);
  const names = new Map<string, string>();
  for (const [i, name] of plain.entries()) {
    const isKey = key.includes(name);
    if (!isKey && !name.startsWith("_stet_") && result && !result.includes(name)) continue;
    const named = isKey || isReserved(name) ? name : `result.${name}`;
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
