import type { Measurement, Sampling } from "./measure.ts";
import type { Format } from "./sample_store.ts";

/** Options of a group of measurements. */
export interface Setting {
  /** The kind of store. */
  readonly format: Format;
  /** An empty folder on the disk to measure; what is left in it is removed. */
  readonly folder: string;
  readonly runtime: "deno" | "bun" | "node";
  readonly sampling: Sampling;
  /** True for rough results soon. */
  readonly isQuick: boolean;
}

/** Measurements that are made together. */
export interface Group {
  /** Name on the command line. */
  readonly name: string;
  /** The sizes of store at which it is made, in rows, unless others are asked for. */
  readonly sizes: readonly number[];
  /** The only kind of store for which it is made, by its scheme. Default: `formats` says. */
  readonly kind?: string;
  /** The kinds of store for which it is made, unless others are asked for. */
  readonly formats: readonly Format[];
  measure(rows: number, setting: Setting): Promise<Measurement[]>;
}

/** The sizes of the report. */
export const allSizes: readonly number[] = [100, 10_000, 100_000, 1_000_000];
