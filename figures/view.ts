/**
 * The data of a view: every figure of one URL, as JSON. The page, the report, the command line and
 * notebooks draw from it; none of them reads rows.
 *
 * A *configuration* is one combination of the params that are not averaged over. The params that are
 * (seeds, folds) are its *replicates*.
 *
 * @module
 */

/** True if smaller numbers of a metric are better, or larger ones. */
export type Better = "lower" | "higher";

/** The number of a heat map's cell. */
export type Aggregate = "mean" | "median" | "best" | "worst" | "sd" | "n" | "took" | "done";

/** The choices of a view. The URL of the page has the same names; absent ones are chosen by the data. */
export interface ViewQuery {
  /** The metric: a result, or `took`. Short names are accepted where they are unambiguous. */
  readonly metric?: string;
  readonly better?: Better;
  /** The params to average over, separated by commas; empty: none. */
  readonly over?: string;
  /** The condition that all figures but progress obey, as in `stet ls --where`. */
  readonly where?: string;
  /** The axes of the heat map. An empty `z`: no small multiples. */
  readonly x?: string;
  readonly y?: string;
  readonly z?: string;
  readonly agg?: Aggregate;
  /** The second metric of the trade-off. */
  readonly other?: string;
  /** Rows and columns of the evals matrix (params), and its text (a result). */
  readonly row?: string;
  readonly column?: string;
  readonly text?: string;
  /** The namespace, in a store that several functions share. */
  readonly namespace?: string;
}

/** A name and a value, as people read them. */
export interface Named {
  readonly name: string;
  /** The value as text: not cell text, not cut. */
  readonly value: string;
}

/** The figures of a view. */
export interface View {
  /** Changes with every change of the store. */
  readonly mark: string;
  readonly progress: ViewProgress;
  /** The rows that fulfil the condition. */
  readonly rows: number;
  /** What can be chosen, and what was. */
  readonly choices: Choices;
  readonly best: Best | null;
  readonly matters: Matters | null;
  /** One for each param of configurations that varies, the largest share first. */
  readonly effects: readonly Effect[];
  readonly heat: Heat | null;
  readonly evals: Evals | null;
  readonly configurations: Configurations | null;
  readonly failures: readonly FailureGroup[];
  readonly running: readonly RunningRun[];
  /** Null if the sweep has no shards. */
  readonly shards: Shards | null;
  readonly over_time: OverTime | null;
  /** Facts a reader must know, as sentences: "epochs is always 20." */
  readonly notes: readonly string[];
}

/** The line at the top. It counts all runs of the store, also with a condition. */
export interface ViewProgress {
  /** The base name of the store, and its full location. */
  readonly store: string;
  readonly location: string;
  /** The number of combinations that are done; of all runs if none are planned. */
  readonly done: number;
  /** The number of runs outside of those planned. */
  readonly others: number;
  readonly failed: number;
  /** The number of failures outside of those planned. */
  readonly other_failed: number;
  readonly running: number;
  /** The number of combinations wanted; null if unknown. */
  readonly planned: number | null;
  /** Where `planned` is from: `-g` of the sidecar, the state file, every combination of the values seen. */
  readonly planned_from: "grid" | "plan" | "values" | null;
  /** The rows read of a store that is still being read; null if all are read. */
  readonly reading: { readonly rows: number; readonly of: number | null } | null;
  readonly per_second: number | null;
  /** Null if nothing runs. */
  readonly left_seconds: number | null;
  readonly first_run: string | null;
  readonly last_run: string | null;
  /** The sum of all durations, in seconds. */
  readonly took_seconds: number;
  /** The command of the last `stet run` or `stet sweep`; null if unknown. */
  readonly command: string | null;
  /** Why the store cannot be read; null if it can. */
  readonly problem: string | null;
}

/** The shards of a sweep, by their number from 0: counts of their combinations. */
export interface Shards {
  readonly planned: readonly number[];
  readonly done: readonly number[];
  readonly failed: readonly number[];
  readonly running: readonly number[];
}

export interface Choices {
  readonly metrics: readonly Metric[];
  /** Null if no result is a number. */
  readonly metric: Metric | null;
  readonly other: Metric | null;
  readonly better: Better;
  /** The ground of the direction: the query, a word in the metric's name, or none. */
  readonly better_from: "query" | "name" | "default";
  readonly params: readonly Param[];
  readonly over: readonly string[];
  readonly texts: readonly string[];
  readonly namespaces: readonly string[];
  readonly namespace: string | null;
  readonly where: string;
  readonly agg: Aggregate;
}

export interface Metric {
  /** The column. */
  readonly name: string;
  /** The short name. */
  readonly label: string;
  readonly better: Better;
  /** The number of runs with a finite number, and with NaN or an infinite one. */
  readonly numbers: number;
  readonly left_out: number;
  /** The only value; null if the metric varies. */
  readonly constant: number | null;
}

export interface Param {
  readonly name: string;
  readonly label: string;
  /** The number of different values. */
  readonly values: number;
  readonly numeric: boolean;
  /** The only value; null if the param varies. */
  readonly constant: string | null;
}

export interface Best {
  /** The params of configurations that vary, in the order of `values`. */
  readonly params: readonly string[];
  /** The best configurations first, at most 8 in the page. Those with few runs come last. */
  readonly rows: readonly BestRow[];
  readonly configurations: number;
  /** The number of first rows whose mean is within the standard error of the best; at least 1. */
  readonly ties: number;
  /** Null without replicates. */
  readonly luck: Luck | null;
}

export interface BestRow {
  readonly values: readonly string[];
  /** Its params themselves, without absent ones; only where a caller asks for them. */
  readonly params?: Readonly<Record<string, unknown>>;
  /** Its condition; null if no condition can say it. */
  readonly where: string | null;
  readonly mean: number;
  /** Null for fewer than two runs. */
  readonly sd: number | null;
  readonly least: number;
  readonly most: number;
  readonly n: number;
  readonly failed: number;
  /** Null if unknown. */
  readonly planned: number | null;
  /** The mean duration in seconds. */
  readonly took: number | null;
  /** True if it has less than half of the planned runs. */
  readonly few: boolean;
}

/** The single best run, if it is of another configuration than the best. */
export interface Luck {
  readonly value: number;
  readonly params: readonly Named[];
  readonly replicate: readonly Named[];
  /** The place of its configuration by mean, from 1. */
  readonly place: number;
}

/** Shares of the variance of the metric, 0 to 1. They never add up to more than 1. */
export interface Matters {
  /** Params and pairs of params, the largest first. */
  readonly shares: readonly { readonly names: readonly string[]; readonly share: number }[];
  /** Interactions of three and more params. */
  readonly higher: number;
  /** Within configurations; null without replicates. */
  readonly noise: number | null;
  /** The configurations with a number, and those of the complete grid. */
  readonly configurations: number;
  readonly of: number;
  /** False: rests on a part of the grid or unequal numbers of runs, and is approximate. */
  readonly exact: boolean;
}

/** Values of a param, in their order. */
export interface ViewAxis {
  readonly name: string;
  readonly label: string;
  /** Numbers are placed by value, by its logarithm if `log`; ranges and texts one after another. */
  readonly kind: "numbers" | "ranges" | "texts";
  readonly log: boolean;
  readonly parts: readonly {
    readonly label: string;
    readonly where: string | null;
    /** Of numbers; the lower end of a range. */
    readonly number?: number;
  }[];
  /** Values without a part, and their runs. */
  readonly left_out: { readonly values: number; readonly rows: number };
}

/** The means of configurations by the values of one param. Arrays follow the parts of the axis. */
export interface Effect {
  readonly axis: ViewAxis;
  /** Null if unknown. */
  readonly share: number | null;
  readonly mean: readonly (number | null)[];
  /** The 10 % and 90 % quantiles of configurations. */
  readonly low: readonly (number | null)[];
  readonly high: readonly (number | null)[];
  /** The best configuration's mean. */
  readonly best: readonly (number | null)[];
  /** The number of configurations. */
  readonly n: readonly number[];
}

/** A map of two params, or of three as small multiples. Its cells are arrays of one length. */
export interface Heat {
  readonly x: ViewAxis;
  readonly y: ViewAxis | null;
  readonly z: ViewAxis | null;
  readonly agg: Aggregate;
  /** True if small numbers of this aggregate are better; null if neither is. */
  readonly lower: boolean | null;
  readonly cells: {
    readonly x: readonly number[];
    readonly y: readonly number[];
    readonly z: readonly number[];
    readonly value: readonly (number | null)[];
    readonly n: readonly number[];
    readonly failed: readonly number[];
    readonly running: readonly number[];
  };
  /** The index of the best cell; -1 if there is none. */
  readonly best: number;
}

/** Texts by two params, such as prompt and model. */
export interface Evals {
  readonly text: string;
  readonly row: ViewAxis;
  readonly column: ViewAxis | null;
  /** Values of the other params in the runs whose texts are shown, where a cell has such a run. */
  readonly others: readonly Named[];
  readonly cells: readonly {
    readonly row: number;
    readonly column: number;
    readonly n: number;
    readonly failed: number;
    /** The mean of the metric. */
    readonly value: number | null;
    /** The text of one run, its start at most, and that run's condition. */
    readonly output: string;
    readonly cut: boolean;
    /** False if the run has other values than `others`. */
    readonly like: boolean;
    readonly where: string | null;
  }[];
}

/** Configurations as points. Arrays have one entry for each. */
export interface Configurations {
  readonly axes: readonly ViewAxis[];
  /** For each axis, the part of each configuration; -1 if it has none. */
  readonly parts: readonly (readonly number[])[];
  readonly mean: readonly number[];
  readonly other: readonly (number | null)[] | null;
  readonly n: readonly number[];
  /** The number of all configurations: the best tenth, the front and a sample are listed. */
  readonly total: number;
  /** Indexes of the Pareto front by the metric, in the order of it; null without a second metric. */
  readonly front: readonly number[] | null;
  /** Counts of runs in equal intervals of the metric from `least` to `most`. */
  readonly histogram: {
    readonly least: number;
    readonly most: number;
    readonly counts: readonly number[];
  };
}

/** Failures whose last telling line is the same but for numbers. */
export interface FailureGroup {
  /** The line with # for numbers and ids. */
  readonly kind: string;
  /** The line if all failures have the same, else `kind`. */
  readonly line: string;
  readonly count: number;
  readonly first: string;
  readonly last: string;
  /** The values of params that most of the group has and others do not: `lr = 1`, 336 of 420. */
  readonly concentrated: readonly (Named & { readonly count: number; readonly of: number })[];
  /** The newest runs of the group. */
  readonly runs: readonly FailedRun[];
}

export interface FailedRun {
  readonly params: readonly Named[];
  readonly time: string;
  readonly attempt: number;
  readonly stack: string;
  readonly key: string;
}

export interface RunningRun {
  readonly params: readonly Named[];
  readonly holder: string;
  readonly key: string;
  /** Null if unknown. */
  readonly since: string | null;
  /** The mean duration of its configuration or, without one, of all runs. */
  readonly usual_seconds: number | null;
  /** True if it has taken more than three times the 95 % quantile. */
  readonly slow: boolean;
}

/** Runs that ended, by time. */
export interface OverTime {
  /** The start of the first interval, in seconds since 1970, and the length of one. */
  readonly start: number;
  readonly interval_seconds: number;
  readonly done: readonly number[];
  readonly failed: readonly number[];
  /** The best number so far: the runs at which it changed, counted from 1; empty without a metric. */
  readonly best: readonly { readonly run: number; readonly value: number }[];
}
