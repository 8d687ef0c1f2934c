import type { Backend, BackendTable } from "../contract/backend.ts";
import type { ColumnType } from "../keys/hash_params.ts";
import type { Value } from "../values/value.ts";

/**
 * The columns of a `Store`: the types of its params by name; with `?`, they may be null. An integer from
 * 2^53 to 2^63 is a bigint, in params and in records, although records are typed for numbers.
 */
export type Columns = Readonly<Record<string, ColumnType>>;

/** Data stored with a record besides its params: JSON values by name. */
export type CustomData = Readonly<Record<string, unknown>>;

/** Options of a `Store`. */
export interface StoreInit<C extends Columns = Columns> {
  /**
   * Makes a result: called with the params, the custom data, `id`, and `resultFile`, the path to write
   * to. What it returns does not count; a run that throws, or leaves no file or an empty one there,
   * has failed.
   */
  readonly runner: (params: RunnerParams<C>) => unknown;
  /** The store: a path, a URL, or an open backend. Default: `sqlite:///db.sqlite3`. */
  readonly store?: string | URL | Backend;
  /** The table of the records, in stores that have tables. Default: `results`. */
  readonly table?: string;
  /** The folder of the result files and notes; it is made. Default: `./results`. */
  readonly resultsDir?: string | URL;
  /** Suffix of result files. Default: `.h5`. */
  readonly fileSuffix?: string;
  /**
   * The params by name with their types: all others are errors, in the editor too. Without it, params
   * are any; a new SQLite table then takes its columns from the first ones that are run (numbers
   * without a distinction of integers, all may be null), and later ones must fit.
   */
  readonly columns?: C;
  /**
   * True if every run leaves a note `<id>.json` in the results folder, for {@linkcode Store.ingest}
   * where another store shares that folder. Default: false.
   */
  readonly resultNotes?: boolean;
  /** `"power"` (default): a recorded run survives a power cut; `"process"`: a killed process. */
  readonly durability?: "power" | "process";
  /** Receives messages about repairs, missing files and notes left out. Default: `console.warn`. */
  readonly warn?: (message: string) => void;
  /** More kinds of store, by extension: `{ ".foo": () => import("./foo.ts") }`. */
  readonly backends?: BackendTable;
}

/** The params of one run of a `Store`. */
export type StoreParams<C extends Columns = Columns> = string extends keyof C ? object
  :
    & { readonly [Name in RequiredName<C>]: ParamOf<C[Name]> }
    & { readonly [Name in OptionalName<C>]?: ParamOf<C[Name]> | undefined }
    & ReservedParams;

/** Names that may be among params without being one, so that a record can be given as params. */
export interface ReservedParams {
  /** Taken as the id instead of the hash of the params. It becomes part of a file name. */
  readonly id?: string | undefined;
  /** Takes no part. */
  readonly resultFile?: string | undefined;
  /** Takes no part. */
  readonly createdAt?: Date | undefined;
  /** Takes no part. */
  readonly customData?: CustomData | undefined;
}

/** Identity of a record: its params, or its id. */
export type RecordKey<C extends Columns = Columns> =
  | string
  | { readonly id: string }
  | StoreParams<C>;

/** Argument of a runner. */
export type RunnerParams<C extends Columns = Columns> =
  & (string extends keyof C ? unknown : ColumnValues<C>)
  & {
    /** The id of the run. */
    readonly id: string;
    /** Path to write the result to. It becomes `<resultsDir>/<id><fileSuffix>` if the run succeeds. */
    readonly resultFile: string;
    /** Custom data, and params that are not declared. */
    readonly [name: string]: unknown;
  };

/** One line of a `Store`: params, and where their result is. */
export type StoreRecord<C extends Columns = Columns> =
  & (string extends keyof C ? { readonly [name: string]: unknown } : ColumnValues<C>)
  & {
    /** The id: the hash of the params, or the one that was given with them. */
    readonly id: string;
    /** The path of the result file, relative to the working directory if the results folder is. */
    readonly resultFile: string;
    /** Time at which the result was recorded. */
    readonly createdAt: Date;
    /** Custom data; on real runs with `elapsed_seconds`, the duration of the run. */
    readonly customData: { readonly [name: string]: Value };
  };

/** Changes of {@linkcode Store.patch}. Columns given as null stay unchanged. */
export type RecordPatch<C extends Columns = Columns> =
  & (string extends keyof C ? { readonly [name: string]: unknown }
    : { readonly [Name in keyof C]?: ParamOf<C[Name]> | null | undefined })
  & {
    /** `{}` removes all of it; null removes an entry; other entries are set. */
    readonly customData?: CustomData | undefined;
    readonly resultFile?: string | null | undefined;
    readonly createdAt?: Date | null | undefined;
  };

/** Counts of the notes that {@linkcode Store.ingest} found. */
export interface IngestCounts {
  /** Notes that became records. */
  readonly recorded: number;
  /** Notes whose record was there already, and was kept. */
  readonly kept: number;
  /** Notes that were left where they are, each with a warning. */
  readonly left: number;
}

/**
 * Names of the columns that may be null.
 *
 * @internal
 */
type OptionalName<C> = {
  [Name in keyof C]: C[Name] extends `${string}?` ? Name : never;
}[keyof C];

/**
 * Names of the columns that have a value in every row.
 *
 * @internal
 */
type RequiredName<C> = Exclude<keyof C, OptionalName<C>>;

/**
 * Values by column, as a record has them.
 *
 * @internal
 */
type ColumnValues<C> = { readonly [Name in keyof C]: ValueOf<C[Name]> };

type ValueOf<T> = T extends `${infer Kind}?` ? KindValue<Kind> | null : KindValue<T>;

/**
 * Value of a param, as a call may give it.
 *
 * @internal
 */
type ParamOf<T> =
  | ValueOf<T>
  | (T extends "integer" | "integer?" ? bigint : never)
  | (T extends "json" | "json?" ? object : never);

type KindValue<Kind> = Kind extends "integer" | "real" ? number
  : Kind extends "text" ? string
  : Kind extends "boolean" ? boolean
  : Value;
