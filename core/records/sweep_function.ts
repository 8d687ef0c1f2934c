import type { OnceFunction } from "../runs/once_types.ts";
import type { Sweep, SweepOptions, SweepParams } from "../sweeps/sweep_types.ts";
import type { Store } from "./store.ts";
import type { Columns, StoreParams, StoreRecord } from "./store_types.ts";

/** The type of {@linkcode sweep}. */
export interface SweepFunction {
  /** Sweeps a function. */
  <A extends unknown[], R>(
    fn: OnceFunction<A, R>,
    params: Iterable<SweepParams<A>> | AsyncIterable<SweepParams<A>>,
    options?: SweepOptions,
  ): Sweep<R>;
  /** Sweeps a Store: the value of an outcome is the record. */
  <C extends Columns>(
    store: Store<C>,
    params: Iterable<StoreParams<C>> | AsyncIterable<StoreParams<C>>,
    options?: SweepOptions,
  ): Sweep<StoreRecord<C>>;
}
